#include "services/gitops/sync/sync_gate.h"

#include "libs/base/clock.h"

namespace slipway::gitops::sync {

namespace {

SyncGate AskWindows(const GateFacts& facts) {
  if (!facts.windows) {
    return {Hold::kWindow, "the sync windows are not known: " + facts.windows_problem, facts.now};
  }
  const WindowVerdict verdict = EvaluateWindows(*facts.windows, facts.now, facts.by_hand);
  const bool overruns =
      facts.began && MayContinue(*facts.windows, *facts.began, facts.now, facts.by_hand);
  if (!verdict.allowed && !overruns) {
    // What a person would get through is told to them.
    const bool by_hand = !facts.by_hand && EvaluateWindows(*facts.windows, facts.now, true).allowed;
    return {Hold::kWindow,
            verdict.reason + (by_hand ? "; by hand: slipway sync " + facts.name : ""),
            verdict.until};
  }
  return {};
}

}  // namespace

SyncGate Decide(const GateFacts& facts) {
  if (!facts.suspended_by.empty()) {
    return {Hold::kSuspended,
            "suspended by " + facts.suspended_by + " since " +
                slipway::FormatTime(facts.suspended_at) + ": slipway resume " + facts.name,
            absl::InfiniteFuture()};
  }
  // What ended by itself runs again in any window: nothing new comes with it.
  if (facts.cause != Cause::kRestart) {
    const SyncGate window = AskWindows(facts);
    if (!window.open()) return window;
  }
  if (facts.cause == Cause::kDrift && !facts.self_heal && !facts.by_hand) {
    return {Hold::kSelfHealOff,
            "self-heal is off for this environment: slipway sync " + facts.name + " puts it back",
            absl::InfiniteFuture()};
  }
  if (!MayTry(facts.retry, facts.revision, facts.now)) {
    const std::string text = RetryText(facts.retry, facts.revision, facts.now);
    return {Hold::kBackOff, "the last try failed: " + text, facts.retry.next};
  }
  return {};
}

}  // namespace slipway::gitops::sync
