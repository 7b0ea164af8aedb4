#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/unique_fd.h"

namespace slipway::runner {

// The runner's folder on disk, which belongs to one process: another one would remove the jobs of
// the first as leftovers. Held for the life of the process; owned by App.
class DataFolder {
 public:
  // Makes what is missing, takes the folder, waiting at most `patience` for a predecessor that is
  // about to end, and empties tmp/, which becomes the process's $TMPDIR: what a killed process left
  // there goes. FAILED_PRECONDITION DATA_FOLDER_TAKEN. Call before threads start.
  static absl::StatusOr<DataFolder> Open(const std::string& path, absl::Duration patience);

 private:
  explicit DataFolder(UniqueFd lock) : lock_(std::move(lock)) {}
  UniqueFd lock_;
};

}  // namespace slipway::runner
