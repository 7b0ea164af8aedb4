#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/unique_fd.h"

namespace slipway::process {

// Locks the file at `path` (flock, made with mode 0600 when it is missing) against other processes
// and other openings of it, until the descriptor and all its copies are closed. Waits at most
// `patience` for who has it: UNAVAILABLE after that. Thread-safe.
absl::StatusOr<UniqueFd> LockFile(const std::string& path, absl::Duration patience);

}  // namespace slipway::process
