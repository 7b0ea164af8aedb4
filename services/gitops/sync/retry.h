#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace slipway::gitops::sync {

// How a failed sync is tried again. A value.
struct RetryPolicy {
  absl::Duration first = absl::Seconds(5);
  double factor = 2;
  absl::Duration longest = absl::Minutes(3);
};

// Where an app stands in its retries, stored with it, so that a restart neither forgets a wait nor
// hammers the server. A value.
struct RetryState {
  std::string revision = {};  // the commit, or the render, that failed
  int failures = 0;
  absl::Time next = absl::InfinitePast();  // InfiniteFuture: given up
};

// After another failure. `fraction` (0 to 1) is the caller's random number: it takes up to a fifth
// off the wait, so that many apps don't come back at once. `slow` is for what only a person can
// change (missing rights): the longest wait at once. `at_least` is what the server asked for.
RetryState AfterFailure(const RetryState& state, const std::string& revision,
                        const RetryPolicy& policy, absl::Time now, double fraction,
                        bool slow = false, absl::Duration at_least = absl::ZeroDuration());

// Whether `revision` may be tried now: always, if it is another one than that which failed.
bool MayTry(const RetryState& state, const std::string& revision, absl::Time now);

// "try 3 at 2026-03-01T12:00:00.000Z", "given up after 5 tries"; empty: nothing waits.
std::string RetryText(const RetryState& state, const std::string& revision, absl::Time now);

}  // namespace slipway::gitops::sync
