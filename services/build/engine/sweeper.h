#pragma once

#include <set>

#include "libs/base/wake_loop.h"
#include "libs/telemetry/metrics.h"
#include "services/build/engine/core.h"

namespace slipway::build {

// Looks each second for jobs whose lease has ended (their runner is lost: the next attempt waits)
// and for jobs over their time, and notes which runners are connected. After this process or the
// database was away nobody could renew a lease, so all of them get a new term first. Owned by App;
// one thread.
class Sweeper {
 public:
  Sweeper(Core& core, telemetry::Metrics& metrics);

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }

  // One round, by the clock of the database. Called by the thread, and by tests.
  absl::Status RunOnce();

 private:
  absl::StatusOr<std::set<int64_t>> FindRuns(db::Tx& tx);
  absl::Status SweepRun(int64_t run_id);

  Core& core_;
  telemetry::Metrics& metrics_;
  absl::Time last_ = absl::InfinitePast();  // end of the last good round
  WakeLoop loop_;
};

}  // namespace slipway::build
