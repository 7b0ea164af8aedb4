#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace slipway {

// A user-visible error with what machines need beside its text. Each area's errors.h holds one
// function per error and builds it with MakeError; handlers never compose error texts.
struct ErrorDetails {
  std::string reason;  // stable, UPPER_SNAKE: API. The text is not.
  std::vector<std::pair<std::string, std::string>> metadata;
  struct FieldViolation {
    std::string field;  // path in the request: "spec.deploymentPipelines[1].after"
    std::string description;
  };
  std::vector<FieldViolation> field_violations;
  int64_t retry_after_ms = 0;  // > 0: the caller may try again after this many milliseconds
};

// A status that carries `details` as a payload through all layers; libs/rpc turns it into
// google.rpc details.
absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details);

// The details of a status made by MakeError; empty ones for any other status.
ErrorDetails DetailsOf(const absl::Status& status);

// INVALID_ARGUMENT, reason INVALID_FIELD, "<field>: <problem>", with the field violation.
absl::Status InvalidField(std::string_view field, std::string_view problem);

// The message of a status as a std::string.
std::string MessageOf(const absl::Status& status);

}  // namespace slipway
