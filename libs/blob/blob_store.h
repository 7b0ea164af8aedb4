#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::blob {

// Where large immutable things lie: logs of ended jobs, artifacts, caches. A blob is written whole
// and then only read or deleted. Implementations are thread-safe and may be shared by processes.
//
// Keys are paths of 1 to 32 parts between '/', each of [A-Za-z0-9._-], not starting with '.':
// "logs/2026/01J.../0". INVALID_ARGUMENT for others, NOT_FOUND for a blob that is not there.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Stores bytes or the content of a local file. A reader sees the old blob or the new one, never a
  // part; when this returned OK, the blob survives a crash.
  virtual absl::Status Put(const std::string& key, std::string_view bytes) = 0;
  virtual absl::Status PutFile(const std::string& key, const std::string& path) = 0;

  // At most `length` bytes from `offset`; fewer at the end, none behind it.
  virtual absl::StatusOr<std::string> Get(const std::string& key, uint64_t offset,
                                          uint64_t length) = 0;
  virtual absl::StatusOr<uint64_t> Size(const std::string& key) = 0;

  // Nothing there is OK.
  virtual absl::Status Delete(const std::string& key) = 0;
};

// OK for a key as described above.
absl::Status ValidateKey(std::string_view key);

}  // namespace slipway::blob
