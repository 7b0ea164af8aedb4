#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway {

inline absl::Status InvalidCron(std::string_view text, std::string_view problem) {
  ErrorDetails details;
  details.reason = "CRON_INVALID";
  details.metadata = {{"schedule", Truncate(text, 100)}};
  return MakeError(
      absl::StatusCode::kInvalidArgument,
      "the schedule \"" + Truncate(text, 100) + "\" is not valid: " + std::string(problem),
      std::move(details));
}

inline absl::Status UnknownTimeZone(std::string_view name) {
  ErrorDetails details;
  details.reason = "TIME_ZONE_UNKNOWN";
  details.metadata = {{"time_zone", Truncate(name, 100)}};
  return MakeError(
      absl::StatusCode::kInvalidArgument,
      "there is no time zone \"" + Truncate(name, 100) + "\"; use a name like Europe/Berlin",
      std::move(details));
}

}  // namespace slipway
