#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace slipway {

// The one source of wall time. Thread-safe. Injected so that tests move time themselves.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() override;
};

// A clock that stands still until a test moves it. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'800'000'000)) : now_(start) {}
  absl::Time Now() override;
  void Advance(absl::Duration by);

 private:
  Mutex mu_;
  absl::Time now_ SLIPWAY_GUARDED_BY(mu_);
};

// RFC 3339 in UTC with milliseconds: 2026-03-01T12:00:00.123Z.
std::string FormatTime(absl::Time time);

}  // namespace slipway
