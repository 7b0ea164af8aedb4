#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"

namespace slipway::auth {

// Counts wrong passwords by user in the last minute; at ten, further tries are refused unseen. In
// memory, bounded to 10,000 users. Thread-safe.
class SignInLimiter {
 public:
  explicit SignInLimiter(Clock& clock) : clock_(clock) {}
  bool Allowed(const std::string& user);
  void Failed(const std::string& user);
  void Succeeded(const std::string& user);

 private:
  struct Count {
    int failures = 0;
    absl::Time since;
  };
  Clock& clock_;
  Mutex mu_;
  std::map<std::string, Count> counts_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::auth
