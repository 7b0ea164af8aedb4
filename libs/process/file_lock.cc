#include "libs/process/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/process/run.h"

namespace slipway::process {

absl::StatusOr<UniqueFd> LockFile(const std::string& path, absl::Duration patience) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return ErrnoStatus(errno, path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  // flock(1) waits with a limit, and what it locks stays locked by our descriptor.
  ProcessSpec spec;
  spec.argv = {"flock", "--exclusive", "--wait", std::to_string(absl::ToDoubleSeconds(patience)),
               "9"};
  spec.package = "util-linux";
  spec.fds = {{9, file.get()}};
  SLIPWAY_ASSIGN_OR_RETURN(const ProcessResult taken, Run(spec));
  if (!taken.ok()) return absl::UnavailableError(path + " is locked by another process");
  return file;
}

}  // namespace slipway::process
