#pragma once

#include <stop_token>

#include "absl/status/statusor.h"
#include "libs/process/process_spec.h"

namespace slipway::process {

// Runs a program to its end. A timeout or a stop request sends SIGTERM to its process group, and
// SIGKILL after the grace; what was captured until then is in the result. Nothing of the group
// outlives the call. An error status means that the program did not run (see Spawn); a program that
// ran and failed is a result. Thread-safe.
absl::StatusOr<ProcessResult> Run(const ProcessSpec& spec, std::stop_token stop = {});

}  // namespace slipway::process
