#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops {

// When each environment is looked at next, and which are being looked at: each by one worker at a
// time. Owned by Syncer; thread-safe.
class Schedule {
 public:
  // As soon as a worker is free; once more after the look under way.
  void Wake(const AppEnvironment& where);
  // In `in` from now, unless it is known when it is looked at next.
  void Add(const AppEnvironment& where, absl::Duration in);

  // The next one that is due, now taken; waits for it. Empty when `stop` is requested.
  std::optional<AppEnvironment> Take(const std::stop_token& stop);
  // Takes this one, waiting for who has it; false when `stop` is requested.
  bool TakeThis(const AppEnvironment& where, const std::stop_token& stop);
  // Gives it back, to be looked at in `next`, or not any more until it is woken or added.
  void GiveBack(const AppEnvironment& where, std::optional<absl::Duration> next);

 private:
  struct Entry {
    absl::Time due = absl::InfiniteFuture();
    bool taken = false;
    bool woken = false;  // while it was taken
  };

  // `due` of an entry from now on; under mu_.
  void SetDue(const AppEnvironment& where, Entry& entry, absl::Time due);

  Mutex mu_;
  std::condition_variable_any changed_;
  uint64_t version_ SLIPWAY_GUARDED_BY(mu_) =
      0;  // counts the changes, so that none is slept through
  std::map<AppEnvironment, Entry> entries_ SLIPWAY_GUARDED_BY(mu_);
  // Those that are due some time, the first one first.
  std::set<std::pair<absl::Time, AppEnvironment>> queue_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
