#include "services/gitops/sync/retry.h"

#include <algorithm>
#include <cmath>

#include "libs/base/clock.h"

namespace slipway::gitops::sync {

RetryState AfterFailure(const RetryState& state, const std::string& revision,
                        const RetryPolicy& policy, absl::Time now, double fraction, bool slow,
                        absl::Duration at_least) {
  RetryState next;
  next.revision = revision;
  next.failures = state.revision == revision ? state.failures + 1 : 1;
  // Beyond this exponent every wait is the longest, and nothing overflows.
  const int exponent = std::min(next.failures - 1, 60);
  absl::Duration wait = policy.first * std::pow(policy.factor, exponent);
  if (slow || wait > policy.longest) wait = policy.longest;
  wait -= wait * 0.2 * std::clamp(fraction, 0.0, 1.0);
  next.next = now + std::max(wait, at_least);
  return next;
}

bool MayTry(const RetryState& state, const std::string& revision, absl::Time now) {
  return state.failures == 0 || state.revision != revision || now >= state.next;
}

std::string RetryText(const RetryState& state, const std::string& revision, absl::Time now) {
  if (MayTry(state, revision, now)) return "";
  if (state.next == absl::InfiniteFuture()) {
    return "given up after " + std::to_string(state.failures) + " tries";
  }
  return "try " + std::to_string(state.failures + 1) + " at " + slipway::FormatTime(state.next);
}

}  // namespace slipway::gitops::sync
