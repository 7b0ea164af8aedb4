#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/db/db.h"
#include "libs/events/outbox.h"
#include "services/build/domain/run_aggregate.h"
#include "services/build/engine/runner_hub.h"
#include "services/build/engine/watchers.h"

namespace slipway::build {

// The times and limits of execution.
struct EngineLimits {
  absl::Duration lease = absl::Seconds(9);
  absl::Duration heartbeat = absl::Seconds(3);
  absl::Duration sweep = absl::Seconds(1);
  // After a job's time has passed, its runner has this long to end it by itself.
  absl::Duration timeout_margin = absl::Seconds(60);
  int max_attempts = 3;
  // Archived logs older than this, and the oldest beyond this many bytes, are pruned; 0: never.
  absl::Duration log_keep = absl::Hours(24 * 90);
  int64_t log_archive_limit = int64_t{20} << 30;
};

// What all use cases share: the database, and who has to be told after a commit. Owned by App;
// thread-safe once `on_ready` and `on_work` are set.
struct Core {
  db::Pool& pool;
  Clock& clock;
  events::Outbox& outbox;
  EngineLimits limits = {};
  RunnerHub hub = {};
  Watchers runs = {};                      // by run id: something about the run changed
  Watchers logs = {};                      // by job id: the log grew, or the job changed
  std::function<void()> on_ready = [] {};  // there may be a job to lease
  std::function<void()> on_work = [] {};   // there may be work to carry out

  // Saves what changed in `run`, and tells watchers, runners and loops once it is committed.
  absl::Status Save(db::Tx& tx, RunAggregate& run);

  // One transaction that locks a run, changes it by `change` and saves it.
  absl::Status ChangeRun(std::string_view name, absl::Time deadline, int64_t run_id,
                         const std::function<absl::Status(db::Tx&, RunAggregate&)>& change);
};

}  // namespace slipway::build
