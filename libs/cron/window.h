#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway {

// The longest that a window may last.
inline constexpr absl::Duration kLongestWindow = absl::Hours(24 * 366);

// Whether a span of time that begins by a schedule and lasts for a duration can be: OK, or
// INVALID_ARGUMENT (CRON_INVALID, TIME_ZONE_UNKNOWN, or INVALID_FIELD naming "duration" or, for a
// schedule that never comes, "schedule").
absl::Status CheckWindow(std::string_view schedule, std::string_view time_zone,
                         absl::Duration duration);

// A duration as people write it: "8h", "1h30m", "90s". INVALID_FIELD naming "duration".
absl::StatusOr<absl::Duration> ParseWindowDuration(std::string_view text);

}  // namespace slipway
