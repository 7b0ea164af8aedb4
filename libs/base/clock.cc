#include "libs/base/clock.h"

#include <string>

#include "absl/time/clock.h"

namespace slipway {

absl::Time SystemClock::Now() { return absl::Now(); }

absl::Time FakeClock::Now() {
  MutexLock lock(mu_);
  return now_;
}

void FakeClock::Advance(absl::Duration by) {
  MutexLock lock(mu_);
  now_ += by;
}

std::string FormatTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace slipway
