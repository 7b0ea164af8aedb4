#include "services/runner/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/process/run.h"
#include "services/runner/errors.h"

namespace slipway::runner {

absl::StatusOr<DataFolder> DataFolder::Open(const std::string& path, absl::Duration patience) {
  for (const char* folder : {"/mirrors", "/jobs", "/images"})
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(path + folder));
  const std::string lock_path = path + "/lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, lock_path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    // flock(1) waits with a limit.
    process::ProcessSpec spec;
    spec.argv = {"flock", "--exclusive", "--wait", std::to_string(absl::ToDoubleSeconds(patience)),
                 "9"};
    spec.package = "util-linux";
    spec.fds = {{9, lock.get()}};
    SLIPWAY_ASSIGN_OR_RETURN(const process::ProcessResult taken, process::Run(spec));
    if (!taken.ok()) return DataFolderTaken(path);
  }
  const std::string tmp = path + "/tmp";
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(tmp));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(tmp));
  ::setenv("TMPDIR", tmp.c_str(), 1);
  return DataFolder(std::move(lock));
}

}  // namespace slipway::runner
