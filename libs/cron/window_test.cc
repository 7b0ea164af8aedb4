#include "libs/cron/window.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/error.h"

namespace slipway {
namespace {

// The reason, or the field that is named.
std::string Problem(std::string_view schedule, std::string_view zone, absl::Duration duration) {
  const absl::Status status = CheckWindow(schedule, zone, duration);
  if (status.ok()) return "";
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  const ErrorDetails details = DetailsOf(status);
  return details.field_violations.empty() ? details.reason : details.field_violations[0].field;
}

TEST_CASE("A window needs a schedule that comes, a zone that is known and a duration") {
  CHECK(Problem("0 22 * * MON-FRI", "Europe/Berlin", absl::Hours(8)).empty());
  CHECK(Problem("0 0 29 2 *", "", absl::Minutes(1)).empty());
  CHECK(Problem("0 0 1 1 *", "UTC", kLongestWindow).empty());
  CHECK(Problem("0 22 * *", "", absl::Hours(1)) == "CRON_INVALID");
  CHECK(Problem("", "", absl::Hours(1)) == "CRON_INVALID");
  CHECK(Problem("0 0 30 2 *", "", absl::Hours(1)) == "schedule");
  CHECK(Problem("0 22 * * *", "Mars/Base", absl::Hours(1)) == "TIME_ZONE_UNKNOWN");
  CHECK(Problem("0 22 * * *", "", absl::ZeroDuration()) == "duration");
  CHECK(Problem("0 22 * * *", "", -absl::Hours(1)) == "duration");
  CHECK(Problem("0 22 * * *", "", kLongestWindow + absl::Seconds(1)) == "duration");
}

TEST_CASE("The duration of a window is written with units") {
  CHECK(*ParseWindowDuration("8h") == absl::Hours(8));
  CHECK(*ParseWindowDuration("1h30m") == absl::Minutes(90));
  for (const char* bad : {"", "8", "h", "8 hours", "8h x"}) {
    INFO(bad);
    CHECK(ParseWindowDuration(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace slipway
