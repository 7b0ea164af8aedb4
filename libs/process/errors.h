#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace slipway::process {

// FAILED_PRECONDITION PROGRAM_MISSING: names the program and the package to install.
inline absl::Status ProgramMissing(const std::string& program, const std::string& package) {
  const std::string from = package.empty() ? program.substr(program.rfind('/') + 1) : package;
  ErrorDetails details;
  details.reason = "PROGRAM_MISSING";
  details.metadata = {{"program", program}, {"package", from}};
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      "program \"" + program + "\" is not installed; the Debian package \"" + from + "\" brings it",
      std::move(details));
}

}  // namespace slipway::process
