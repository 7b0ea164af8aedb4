#include "services/gitops/sync/windows.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  // Before any test runs, too; what can't be read is the infinite past, which no test expects.
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return absl::InfinitePast();
  return time;
}

const absl::Time kNoon = At("2026-03-02T12:00:00Z");  // a Monday

SyncWindow Window(SyncWindow::Kind kind, bool active, bool manual = false) {
  SyncWindow window;
  window.name = active ? "now" : "night";
  window.kind = kind;
  window.schedule = active ? "0 11 * * *" : "0 22 * * *";
  window.duration = absl::Hours(2);
  window.manual_sync = manual;
  return window;
}

constexpr auto kAllow = SyncWindow::Kind::kAllow, kDeny = SyncWindow::Kind::kDeny;

TEST_CASE("Windows allow and deny as Argo CD's do") {
  struct Row {
    const char* text;
    std::vector<SyncWindow> windows;
    bool automatic, manual;
  };
  const Row kRows[] = {
      {"none", {}, true, true},
      {"active allow", {Window(kAllow, true)}, true, true},
      {"inactive allow", {Window(kAllow, false)}, false, false},
      {"inactive allow, manual", {Window(kAllow, false, true)}, false, true},
      {"inactive allows, one manual",
       {Window(kAllow, false, true), Window(kAllow, false)},
       false,
       false},
      {"one allow active, one not", {Window(kAllow, false), Window(kAllow, true)}, true, true},
      {"active deny", {Window(kDeny, true)}, false, false},
      {"active deny, manual", {Window(kDeny, true, true)}, false, true},
      {"active denies, one manual", {Window(kDeny, true, true), Window(kDeny, true)}, false, false},
      {"inactive deny", {Window(kDeny, false)}, true, true},
      {"deny wins over allow", {Window(kDeny, true), Window(kAllow, true)}, false, false},
      {"inactive deny, inactive allow",
       {Window(kDeny, false), Window(kAllow, false)},
       false,
       false},
      {"inactive deny, active allow", {Window(kDeny, false), Window(kAllow, true)}, true, true},
      {"manual deny, inactive allow",
       {Window(kDeny, true, true), Window(kAllow, false)},
       false,
       true},
  };
  for (const Row& row : kRows) {
    INFO(row.text);
    CHECK(EvaluateWindows(row.windows, kNoon, false).allowed == row.automatic);
    CHECK(EvaluateWindows(row.windows, kNoon, true).allowed == row.manual);
  }
}

TEST_CASE("What a window can't say forbids") {
  SyncWindow bad = Window(kAllow, true);
  SECTION("schedule") { bad.schedule = "whenever"; }
  SECTION("zone") { bad.time_zone = "Mars/Olympus"; }
  SECTION("duration") { bad.duration = absl::ZeroDuration(); }
  CHECK(ValidateWindow(bad).code() == absl::StatusCode::kInvalidArgument);
  const WindowVerdict verdict = EvaluateWindows({Window(kAllow, true), bad}, kNoon, true);
  CHECK_FALSE(verdict.allowed);
  CHECK_THAT(verdict.reason, Catch::StartsWith("window now can't be read: "));
}

TEST_CASE("The verdict says which window and until when") {
  const WindowVerdict denied = EvaluateWindows({Window(kDeny, true)}, kNoon, false);
  CHECK(denied.reason == "denied by window now until 2026-03-02T13:00:00.000Z");
  CHECK(denied.until == kNoon + absl::Hours(1));
  const WindowVerdict outside = EvaluateWindows({Window(kAllow, false)}, kNoon, false);
  CHECK(outside.reason == "outside of all allow windows until 2026-03-02T22:00:00.000Z");
  // While it is allowed: when to look again.
  CHECK(EvaluateWindows({Window(kDeny, false)}, kNoon, false).until == kNoon + absl::Hours(10));
  CHECK(EvaluateWindows({}, kNoon, false).until == absl::InfiniteFuture());
}

TEST_CASE("A window begins at its start and ends before its end, over midnight too") {
  SyncWindow window = Window(kDeny, false);
  window.duration = absl::Hours(8);
  const auto allowed = [&](const char* time) {
    return EvaluateWindows({window}, At(time), false).allowed;
  };
  CHECK(allowed("2026-03-02T21:59:59Z"));
  CHECK_FALSE(allowed("2026-03-02T22:00:00Z"));
  CHECK_FALSE(allowed("2026-03-03T05:59:59Z"));
  CHECK(allowed("2026-03-03T06:00:00Z"));
}

TEST_CASE("Windows are of their zone, also when the clock is set") {
  SyncWindow window;
  window.kind = kDeny;
  window.schedule = "30 2 * * *";
  window.duration = absl::Hours(1);
  window.time_zone = "Europe/Berlin";
  const auto allowed = [&](const char* time) {
    return EvaluateWindows({window}, At(time), false).allowed;
  };
  CHECK_FALSE(allowed("2026-07-01T00:30:00Z"));
  CHECK(allowed("2026-07-01T02:30:00Z"));
  CHECK_FALSE(allowed("2026-01-01T01:30:00Z"));
  // 02:30 doesn't exist on 29 March: the window is the hour from 03:00.
  CHECK(allowed("2026-03-29T00:59:00Z"));
  CHECK_FALSE(allowed("2026-03-29T01:00:00Z"));
  CHECK_FALSE(allowed("2026-03-29T01:59:00Z"));
  CHECK(allowed("2026-03-29T02:00:00Z"));
  // It comes twice on 25 October: the window is one hour from the first.
  CHECK_FALSE(allowed("2026-10-25T00:30:00Z"));
  CHECK_FALSE(allowed("2026-10-25T01:29:00Z"));
  CHECK(allowed("2026-10-25T01:30:00Z"));
}

TEST_CASE("Apps are meant by globs, of any list or of all") {
  SyncWindow window = Window(kDeny, true);
  const auto meant = [&](const char* environment, const char* ns, const char* cluster) {
    return !WindowsOf({window}, {"api", environment, ns, cluster}).empty();
  };
  CHECK_FALSE(meant("prod", "shop", "eu"));
  window.environments = {"prod*"};
  window.clusters = {"eu-*"};
  CHECK(meant("prod-2", "shop", "us-1"));
  CHECK(meant("dev", "shop", "eu-1"));
  CHECK_FALSE(meant("dev", "shop", "us-1"));
  window.match_all = true;
  CHECK_FALSE(meant("prod", "shop", "us-1"));
  CHECK(meant("prod", "any", "eu-1"));
  window.apps = {"web", "ap?"};
  CHECK(meant("prod", "any", "eu-1"));
  window.namespaces = {"shop"};
  CHECK_FALSE(meant("prod", "any", "eu-1"));
}

TEST_CASE("A sync that began before may end if the window lets it") {
  SyncWindow deny = Window(kDeny, true), allow = Window(kAllow, true);
  const absl::Time before = kNoon - absl::Hours(2), later = kNoon + absl::Hours(2);
  CHECK_FALSE(MayContinue({deny}, before, kNoon, false));
  deny.sync_overrun = true;
  CHECK(MayContinue({deny}, before, kNoon, false));
  CHECK_FALSE(MayContinue({allow}, kNoon, later, false));
  allow.sync_overrun = true;
  CHECK(MayContinue({allow}, kNoon, later, false));
  CHECK(MayContinue({}, before, kNoon, false));
}

}  // namespace
}  // namespace slipway::gitops::sync
