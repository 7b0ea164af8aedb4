#pragma once

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"
#include "libs/process/process_spec.h"

namespace slipway::process {

// A started child: reaping it through `pidfd` is the owner's job.
struct Spawned {
  pid_t pid = 0;  // also the id of its process group
  UniqueFd pidfd;
};

// The child's standard streams, owned by the caller; -1 is /dev/null.
struct StandardStreams {
  int in = -1;
  int out = -1;
  int err = -1;
};

// Starts the program by posix_spawn: a process group of its own, default signal handlers, nothing
// blocked, no descriptor but the given ones. FAILED_PRECONDITION with program and package when it
// is not installed.
absl::StatusOr<Spawned> Spawn(const ProcessSpec& spec, const StandardStreams& streams);

}  // namespace slipway::process
