#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::cli {

// INVALID_ARGUMENT MANIFEST_INVALID: each problem is a line "FILE:LINE: path: problem".
inline absl::Status ManifestInvalid(const std::vector<std::string>& problems) {
  ErrorDetails details;
  details.reason = "MANIFEST_INVALID";
  return MakeError(absl::StatusCode::kInvalidArgument, Join(problems, "\n"), std::move(details));
}

}  // namespace slipway::cli
