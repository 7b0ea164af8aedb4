#pragma once

#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/events/outbox.h"
#include "services/gitops/domain/wake.h"

namespace slipway::gitops {

// Deletes what nobody needs any more, a portion at a time: events after 30 days, records of
// decisions after a year. Deployments and images stay. Owned by App; thread-safe.
class Janitor {
 public:
  Janitor(db::Pool& pool, Clock& clock, events::Outbox& outbox)
      : pool_(pool),
        clock_(clock),
        outbox_(outbox),
        loop_([this](const std::stop_token&) { return Pass(); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }

  // One portion of each; how long until the next.
  absl::Duration Pass();

 private:
  db::Pool& pool_;
  Clock& clock_;
  events::Outbox& outbox_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
