#include "services/gitops/sync/sync_gate.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);  // 2026-03-02T12:00:00Z, a Monday

SyncWindow Deny(bool manual = false) {
  SyncWindow window;
  window.name = "freeze";
  window.kind = SyncWindow::Kind::kDeny;
  window.schedule = "0 11 * * *";
  window.duration = absl::Hours(2);
  window.manual_sync = manual;
  return window;
}

GateFacts Facts() {
  GateFacts facts;
  facts.name = "hello/prod";
  facts.now = kNow;
  facts.revision = "two";
  return facts;
}

RetryState Failed(const char* revision) {
  return {.revision = revision, .failures = 2, .next = kNow + absl::Minutes(1)};
}

TEST_CASE("Without anything against it, a write is allowed, whatever its cause") {
  for (const Cause cause : {Cause::kCommit, Cause::kDrift, Cause::kRestart}) {
    GateFacts facts = Facts();
    facts.cause = cause;
    CHECK(Decide(facts).open());
    CHECK(Decide(facts).reason.empty());
  }
}

TEST_CASE("While it is suspended nothing is written, not even by hand, and it says how to go on") {
  for (const Cause cause : {Cause::kCommit, Cause::kDrift, Cause::kRestart}) {
    for (const bool by_hand : {false, true}) {
      GateFacts facts = Facts();
      facts.cause = cause;
      facts.by_hand = by_hand;
      facts.suspended_by = "user:ann";
      facts.suspended_at = kNow - absl::Hours(1);
      facts.windows = {Deny()};
      const SyncGate gate = Decide(facts);
      CHECK(gate.hold == Hold::kSuspended);
      CHECK(gate.reason ==
            "suspended by user:ann since 2026-03-02T11:00:00.000Z: slipway resume hello/prod");
      CHECK(gate.until == absl::InfiniteFuture());
    }
  }
}

TEST_CASE("A window holds back commits and repairs, but not the restart of what ended by itself") {
  GateFacts facts = Facts();
  facts.windows = {Deny()};
  for (const Cause cause : {Cause::kCommit, Cause::kDrift}) {
    facts.cause = cause;
    const SyncGate gate = Decide(facts);
    CHECK(gate.hold == Hold::kWindow);
    CHECK(gate.reason == "denied by window freeze until 2026-03-02T13:00:00.000Z");
    CHECK(gate.until == kNow + absl::Hours(1));
  }
  facts.cause = Cause::kRestart;
  CHECK(Decide(facts).open());
}

TEST_CASE("By hand it gets through a window that lets it, and the reason says so") {
  GateFacts facts = Facts();
  facts.windows = {Deny(true)};
  CHECK(Decide(facts).reason ==
        "denied by window freeze until 2026-03-02T13:00:00.000Z; by hand: slipway sync hello/prod");
  facts.by_hand = true;
  CHECK(Decide(facts).open());
  facts.windows = {Deny(false)};
  CHECK(Decide(facts).hold == Hold::kWindow);
}

TEST_CASE("A sync that began before the window goes on only if the window lets it") {
  GateFacts facts = Facts();
  facts.windows = {Deny()};
  facts.began = kNow - absl::Hours(2);
  CHECK(Decide(facts).hold == Hold::kWindow);
  facts.windows->front().sync_overrun = true;
  CHECK(Decide(facts).open());
  facts.began.reset();
  CHECK(Decide(facts).hold == Hold::kWindow);
}

TEST_CASE("Windows that are not known, or can't be read, allow nothing") {
  GateFacts facts = Facts();
  facts.windows.reset();
  facts.windows_problem = "pipeline does not answer";
  CHECK(Decide(facts).reason == "the sync windows are not known: pipeline does not answer");
  SyncWindow broken = Deny();
  broken.schedule = "nonsense";
  facts.windows = {broken};
  CHECK(Decide(facts).hold == Hold::kWindow);
  facts.by_hand = true;
  CHECK(Decide(facts).hold == Hold::kWindow);
}

TEST_CASE("Where self-heal is off drift stays, commits and restarts go on") {
  GateFacts facts = Facts();
  facts.self_heal = false;
  facts.cause = Cause::kDrift;
  CHECK(Decide(facts).hold == Hold::kSelfHealOff);
  CHECK(Decide(facts).reason ==
        "self-heal is off for this environment: slipway sync hello/prod puts it back");
  facts.by_hand = true;
  CHECK(Decide(facts).open());
  facts.by_hand = false;
  for (const Cause cause : {Cause::kCommit, Cause::kRestart}) {
    facts.cause = cause;
    CHECK(Decide(facts).open());
  }
}

TEST_CASE("A failed revision waits, a newer one does not") {
  GateFacts facts = Facts();
  facts.retry = Failed("two");
  CHECK(Decide(facts).hold == Hold::kBackOff);
  CHECK(Decide(facts).until == kNow + absl::Minutes(1));
  CHECK(Decide(facts).reason == "the last try failed: try 3 at 2026-03-02T12:01:00.000Z");
  facts.retry = Failed("one");
  CHECK(Decide(facts).open());
  facts.retry = Failed("two");
  facts.now = kNow + absl::Minutes(1);
  CHECK(Decide(facts).open());
  facts.retry.next = absl::InfiniteFuture();
  CHECK(Decide(facts).reason == "the last try failed: given up after 2 tries");
}

}  // namespace
}  // namespace slipway::gitops::sync
