#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/events/outbox.h"

namespace slipway::service {

// Deletes what nobody needs any more, a portion at a time: events after 30 days, records of
// decisions after a year, and what the service names. Owned by App; one thread.
class Janitor {
 public:
  // Deletes up to `limit` rows that are too old at `now`; how many.
  using Prune = std::function<absl::StatusOr<int64_t>(absl::Time now, int limit)>;

  Janitor(db::Pool& pool, Clock& clock, events::Outbox& outbox, Prune more = nullptr);

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }

  // One portion of each; how long until the next.
  absl::Duration Pass();

 private:
  db::Pool& pool_;
  Clock& clock_;
  events::Outbox& outbox_;
  const Prune more_;
  WakeLoop loop_;
};

}  // namespace slipway::service
