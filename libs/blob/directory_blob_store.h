#pragma once

#include <memory>
#include <string>

#include "libs/blob/blob_store.h"

namespace slipway::blob {

// Blobs as files below one folder, the key being the path. Files are opened beneath the root only,
// so a symbolic link that somebody puts there leads nowhere. Thread-safe; several processes may
// share the folder.
class DirectoryBlobStore final : public BlobStore {
 public:
  // Makes the folder if it is not there.
  static absl::StatusOr<std::unique_ptr<DirectoryBlobStore>> Open(std::string root);

  absl::Status Put(const std::string& key, std::string_view bytes) override;
  absl::Status PutFile(const std::string& key, const std::string& path) override;
  absl::StatusOr<std::string> Get(const std::string& key, uint64_t offset,
                                  uint64_t length) override;
  absl::StatusOr<uint64_t> Size(const std::string& key) override;
  absl::Status Delete(const std::string& key) override;

 private:
  explicit DirectoryBlobStore(std::string root) : root_(std::move(root)) {}

  const std::string root_;
};

}  // namespace slipway::blob
