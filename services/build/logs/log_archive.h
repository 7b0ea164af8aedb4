#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/build/logs/log_store.h"

namespace slipway::build {

// Logs of jobs that have ended: a file each that never changes any more. Thread-safe. Owned by App.
class LogArchive {
 public:
  explicit LogArchive(std::string directory) : directory_(std::move(directory)) {}

  // Takes over the file at `path`; nothing there is OK (it was taken over before, or nothing was written).
  absl::Status Keep(LogKey key, const std::string& path);

  // At most `max` bytes from `offset`; empty at the end. NOT_FOUND for a log that is not here.
  absl::StatusOr<std::string> Read(LogKey key, int64_t offset, size_t max) const;

 private:
  // Folders of a thousand jobs each keep directories small.
  std::string FolderOf(LogKey key) const;
  std::string PathOf(LogKey key) const;

  const std::string directory_;
};

}  // namespace slipway::build
