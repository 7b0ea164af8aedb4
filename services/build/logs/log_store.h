#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"

namespace slipway::build {

// The log of one attempt of one job.
struct LogKey {
  int64_t job_id = 0;
  int attempt = 1;
  auto operator<=>(const LogKey&) const = default;
};

// Logs of jobs while they run: one append-only file each, <directory>/<job id>/<attempt>.log. Size
// and content are those of the file, so that nothing is lost when the process is killed. Readers
// read the file at their own pace; they share no lock with the writer beyond the lookup of the
// file. Thread-safe. Owned by App.
class LogStore {
 public:
  // A log takes `limit` bytes; what comes after is passed over, and a line says so.
  LogStore(std::string directory, int64_t limit);

  // Appends what of `data`, which starts at `offset`, is not stored yet, and gives the place to go
  // on from. OUT_OF_RANGE if bytes before `offset` are missing.
  absl::StatusOr<int64_t> Append(LogKey key, int64_t offset, std::string_view data);

  // Whether everything up to `size` is stored, or was passed over as beyond the limit.
  absl::StatusOr<bool> Has(LogKey key, int64_t size);

  // Bytes in the file. NOT_FOUND without a file.
  absl::StatusOr<int64_t> Size(LogKey key);

  // At most `max` bytes from `offset`; empty at the end. NOT_FOUND without a file.
  absl::StatusOr<std::string> Read(LogKey key, int64_t offset, size_t max);

  // Path of the file, and the removal of the file when it is kept elsewhere. Readers that have it
  // open read on.
  std::string PathOf(LogKey key) const;
  absl::Status Remove(LogKey key);

 private:
  struct Segment {
    Mutex mu;
    UniqueFd fd;
    int64_t size SLIPWAY_GUARDED_BY(mu) = 0;
  };

  // The open file; created if `create`, else NOT_FOUND.
  absl::StatusOr<std::shared_ptr<Segment>> Open(LogKey key, bool create);
  bool Truncated(int64_t file_size) const;

  const std::string directory_;
  const int64_t limit_;
  Mutex mu_;
  std::map<LogKey, std::shared_ptr<Segment>> open_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::build
