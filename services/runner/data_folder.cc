#include "services/runner/data_folder.h"

#include <cstdlib>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/process/file_lock.h"
#include "services/runner/errors.h"

namespace slipway::runner {

absl::StatusOr<DataFolder> DataFolder::Open(const std::string& path, absl::Duration patience) {
  for (const char* folder : {"/mirrors", "/jobs", "/images"})
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(path + folder));
  absl::StatusOr<UniqueFd> lock = process::LockFile(path + "/lock", patience);
  if (absl::IsUnavailable(lock.status())) return DataFolderTaken(path);
  SLIPWAY_RETURN_IF_ERROR(lock.status());
  const std::string tmp = path + "/tmp";
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(tmp));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(tmp));
  ::setenv("TMPDIR", tmp.c_str(), 1);
  return DataFolder(*std::move(lock));
}

}  // namespace slipway::runner
