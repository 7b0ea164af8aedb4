#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/process/process.h"

namespace slipway::process {

// A server that a test has started, and what it said once it was ready.
struct Announced {
  Process process;
  std::string said;
};

// Starts a server that prints a line when it listens, and waits for it: `said` is the rest of the
// first line of its standard output that begins with `prefix`. UNAVAILABLE: it ended without.
absl::StatusOr<Announced> StartAnnounced(ProcessSpec spec, std::string_view prefix = "");

}  // namespace slipway::process
