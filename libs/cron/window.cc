#include "libs/cron/window.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/cron/cron.h"

namespace slipway {

absl::Status CheckWindow(std::string_view schedule, std::string_view time_zone,
                         absl::Duration duration) {
  SLIPWAY_ASSIGN_OR_RETURN(const Cron cron, Cron::Parse(schedule));
  SLIPWAY_ASSIGN_OR_RETURN(const absl::TimeZone zone, FindTimeZone(time_zone));
  // Whether it comes at all does not depend on when one asks: ten years have every day there is.
  if (!cron.Next(absl::FromUnixSeconds(1'700'000'000), zone)) {
    return InvalidField("schedule", "never comes: no year has that day");
  }
  if (duration <= absl::ZeroDuration()) {
    return InvalidField("duration", "must be longer than nothing, like 1h30m");
  }
  if (duration > kLongestWindow) {
    return InvalidField("duration", "must be at most a year, which is 8784h");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> ParseWindowDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(ToAbsl(text), &duration)) {
    return InvalidField("duration",
                        "\"" + Truncate(text, 100) + "\" is no duration like 8h or 1h30m");
  }
  return duration;
}

}  // namespace slipway
