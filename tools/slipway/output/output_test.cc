#include <catch2/catch.hpp>

#include "tools/slipway/output/format.h"
#include "tools/slipway/output/table.h"

namespace slipway::cli {

TEST_CASE("columns are as wide as their widest cell, in characters") {
  const Table table{.header = {"NAME", "STATE", "REASON"},
                    .rows = {{"a", "passed", ""}, {"größer", "x", "two\nlines\x1b[31m"}}};
  CHECK(table.Render() ==
        "NAME    STATE   REASON\n"
        "a       passed\n"
        "größer  x       two lines [31m\n");
}

TEST_CASE("what stands alone in its row does not push the others aside") {
  const Table table{.header = {"NAME", "WHY"}, .rows = {{"a", "b"}, {"  ! a long remark"}}};
  CHECK(table.Render() == "NAME  WHY\na     b\n  ! a long remark\n");
}

TEST_CASE("a cell beyond the widest does not push the others aside") {
  const Table table{
      .header = {}, .rows = {{"short", "why"}, {"very long cell", "why"}}, .widest = 6};
  CHECK(table.Render(2) == "  short  why\n  very long cell  why\n");
}

TEST_CASE("states are words of people, both ways") {
  CHECK(StateWord("SUCCEEDED") == "passed");
  CHECK(StateWord("NOT_STARTED") == "not started");
  CHECK(StateWord("STATE_UNSPECIFIED") == "");
  CHECK(WithStateWords("job build SUCCEEDED: RUNNING_OUT, then FAILED.") ==
        "job build passed: RUNNING_OUT, then failed.");
  CHECK(StateOfWord("passed") == "SUCCEEDED");
  CHECK(StateOfWord("build-and-deploy") == "BUILD_AND_DEPLOY");
}

TEST_CASE("times are short") {
  const absl::Time now = ParseTimestamp("2026-03-01T12:00:00Z");
  CHECK(Age("2026-03-01T11:59:55.5Z", now) == "4s");
  CHECK(Age("2026-03-01T11:00:00Z", now) == "60m");
  CHECK(Age("2026-02-20T11:00:00Z", now) == "9d");
  CHECK(Age("2026-03-01T12:00:09Z", now) == "0s");
  CHECK(Age("", now) == "");
  CHECK(Took("2026-03-01T12:00:00Z", "2026-03-01T12:00:01.84Z") == "1.8 s");
  CHECK(Took("2026-03-01T12:00:00Z", "2026-03-01T12:03:04Z") == "3 min 4 s");
  CHECK(Took("2026-03-01T12:00:00Z", "") == "");
  CHECK(Offset(absl::Milliseconds(9)) == "9 ms");
  CHECK(Offset(absl::Seconds(12.34)) == "12.3 s");
  CHECK(Offset(absl::Minutes(125)) == "2 h 5 min");
}

TEST_CASE("durations of days are understood") {
  CHECK(DurationSeconds("90d") == "7776000s");
  CHECK(DurationSeconds("1d12h") == "129600s");
  CHECK(DurationSeconds("90m") == "5400s");
  for (const char* wrong : {"", "d", "90", "-3h", "3 days", "inf", "99999999d"})
    CHECK(DurationSeconds(wrong) == "");
}

TEST_CASE("images and refs are short") {
  CHECK(ShortImage("127.0.0.1:8482/demo/hello@sha256:77c1d2e3f4a5b6c7") ==
        "demo/hello@77c1d2e3f4a5");
  CHECK(ShortImage("demo/hello:v1") == "demo/hello:v1");
  CHECK(ShortRef("refs/heads/feature/x") == "feature/x");
  CHECK(ShortRef("refs/tags/v1") == "tag v1");
}

}  // namespace slipway::cli
