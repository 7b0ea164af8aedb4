#include "libs/process/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "libs/base/file.h"
#include "libs/base/file.h"

namespace slipway::process {

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace slipway::process
