#include "libs/cron/cron.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway {
namespace {

const absl::TimeZone kBerlin = FindTimeZone("Europe/Berlin").value();
const absl::TimeZone kUtc = absl::UTCTimeZone();

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  INFO(text);
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return time;
}

std::string Text(std::optional<absl::Time> time, absl::TimeZone zone) {
  return time ? absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", *time, zone) : "never";
}

std::string Next(const char* cron, const char* after, absl::TimeZone zone = kUtc) {
  return Text(Cron::Parse(cron)->Next(At(after), zone), zone);
}

std::string Latest(const char* cron, const char* now, absl::TimeZone zone = kUtc) {
  return Text(Cron::Parse(cron)->Latest(At(now), zone), zone);
}

TEST_CASE("The next and the latest time of a schedule") {
  struct Row {
    const char *cron, *now, *latest, *next;
  };
  const Row kRows[] = {
      {"* * * * *", "2026-03-01T12:00:30Z", "2026-03-01T12:00:00+00:00",
       "2026-03-01T12:01:00+00:00"},
      {"*/15 * * * *", "2026-03-01T12:15:00Z", "2026-03-01T12:15:00+00:00",
       "2026-03-01T12:30:00+00:00"},
      {"5/20 3 * * *", "2026-03-01T12:00:00Z", "2026-03-01T03:45:00+00:00",
       "2026-03-02T03:05:00+00:00"},
      {"0 22 * * MON-FRI", "2026-03-01T12:00:00Z", "2026-02-27T22:00:00+00:00",
       "2026-03-02T22:00:00+00:00"},
      {"0 0 1 jan *", "2026-03-01T12:00:00Z", "2026-01-01T00:00:00+00:00",
       "2027-01-01T00:00:00+00:00"},
      {"0 0 29 2 *", "2026-03-01T12:00:00Z", "2024-02-29T00:00:00+00:00",
       "2028-02-29T00:00:00+00:00"},
      {"0 0 * * 7", "2026-03-01T12:00:00Z", "2026-03-01T00:00:00+00:00",
       "2026-03-08T00:00:00+00:00"},
      {"0 0 30 2 *", "2026-03-01T12:00:00Z", "never", "never"},
      // Both days restricted: either is enough.
      {"0 0 13 * FRI", "2026-03-07T12:00:00Z", "2026-03-06T00:00:00+00:00",
       "2026-03-13T00:00:00+00:00"},
      {"0 0 13 * *", "2026-03-07T12:00:00Z", "2026-02-13T00:00:00+00:00",
       "2026-03-13T00:00:00+00:00"},
      {"0 9,17 * * ?", "2026-03-01T12:00:00Z", "2026-03-01T09:00:00+00:00",
       "2026-03-01T17:00:00+00:00"},
      {"0 0-23/6 * * *", "2026-12-31T23:00:00Z", "2026-12-31T18:00:00+00:00",
       "2027-01-01T00:00:00+00:00"},
  };
  for (const Row& row : kRows) {
    INFO(row.cron << " at " << row.now);
    CHECK(Latest(row.cron, row.now) == row.latest);
    CHECK(Next(row.cron, row.now) == row.next);
  }
}

TEST_CASE("A time that the clock skips happens at the change") {
  // 2026-03-29: 02:00 becomes 03:00 in Berlin.
  CHECK(Next("30 2 * * *", "2026-03-28T12:00:00Z", kBerlin) == "2026-03-29T03:00:00+02:00");
  CHECK(Next("30 2 * * *", "2026-03-29T01:00:00Z", kBerlin) == "2026-03-30T02:30:00+02:00");
  CHECK(Latest("30 2 * * *", "2026-03-29T10:00:00Z", kBerlin) == "2026-03-29T03:00:00+02:00");
  CHECK(Latest("30 2 * * *", "2026-03-29T00:59:00Z", kBerlin) == "2026-03-28T02:30:00+01:00");
  CHECK(Next("0 3 * * *", "2026-03-28T12:00:00Z", kBerlin) == "2026-03-29T03:00:00+02:00");
}

TEST_CASE("A time that comes twice happens once, unless the hour is any") {
  // 2026-10-25: 03:00 becomes 02:00 in Berlin.
  CHECK(Next("30 2 * * *", "2026-10-24T12:00:00Z", kBerlin) == "2026-10-25T02:30:00+02:00");
  CHECK(Next("30 2 * * *", "2026-10-25T00:30:00Z", kBerlin) == "2026-10-26T02:30:00+01:00");
  CHECK(Latest("30 2 * * *", "2026-10-25T01:10:00Z", kBerlin) == "2026-10-25T02:30:00+02:00");
  CHECK(Next("30 * * * *", "2026-10-25T00:30:00Z", kBerlin) == "2026-10-25T02:30:00+01:00");
  CHECK(Next("30 * * * *", "2026-10-25T00:29:00Z", kBerlin) == "2026-10-25T02:30:00+02:00");
  CHECK(Latest("*/15 * * * *", "2026-10-25T01:10:00Z", kBerlin) == "2026-10-25T02:00:00+01:00");
}

TEST_CASE("Zones are meant, not offsets") {
  CHECK(Next("0 9 * * *", "2026-07-01T00:00:00Z", kBerlin) == "2026-07-01T09:00:00+02:00");
  CHECK(Next("0 9 * * *", "2026-01-01T00:00:00Z", kBerlin) == "2026-01-01T09:00:00+01:00");
  CHECK(FindTimeZone("")->name() == "UTC");
  CHECK(FindTimeZone("Europe/Atlantis").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("What is no schedule is refused with its field") {
  for (const char* bad :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 8", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *", "1- * * * *",
        "-1 * * * *", "@daily", "*/x * * * *", "1/ * * * *", "* * * FEBR *"}) {
    INFO(bad);
    const absl::Status status = Cron::Parse(bad).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(DetailsOf(status).reason == "CRON_INVALID");
  }
  CHECK(MessageOf(Cron::Parse("0 25 * * *").status()) ==
        "the schedule \"0 25 * * *\" is not valid: \"25\" is no hour");
}

}  // namespace
}  // namespace slipway
