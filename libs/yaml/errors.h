#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/error.h"
#include "libs/yaml/document.h"

namespace slipway::yaml {

// INVALID_ARGUMENT YAML_INVALID with line, column and problem in the metadata.
inline absl::Status Invalid(Mark mark, const std::string& problem) {
  ErrorDetails details;
  details.reason = "YAML_INVALID";
  const std::string line = std::to_string(mark.line), column = std::to_string(mark.column);
  details.metadata = {{"line", line}, {"column", column}, {"problem", problem}};
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "line " + line + ", column " + column + ": " + problem, std::move(details));
}

}  // namespace slipway::yaml
