#pragma once

#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"

namespace slipway::process {

// The two ends of a pipe. A value that owns both.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// A pipe that no program inherits by accident (O_CLOEXEC).
absl::StatusOr<Pipe> MakePipe();

}  // namespace slipway::process
