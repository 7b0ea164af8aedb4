#include "services/build/engine/sweeper.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/build/store/job_store.h"
#include "services/build/store/run_store.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kDatabaseTime = absl::Seconds(5);

std::string Minutes(absl::Duration time) {
  const int64_t seconds = absl::ToInt64Seconds(time);
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " minutes"
                           : std::to_string(seconds) + " seconds";
}

}  // namespace

Sweeper::Sweeper(Core& core, telemetry::Metrics& metrics)
    : core_(core), metrics_(metrics), loop_([this](const std::stop_token&) {
        if (const absl::Status status = RunOnce(); !status.ok()) {
          log::Warn("sweep.failed", "leases can't be looked through",
                    {{"error", MessageOf(status)}});
        }
        return core_.limits.sweep;
      }) {}

absl::Status Sweeper::RunOnce() {
  // Renewals come each heartbeat; who could not take them for longer must not hold it against the
  // runners.
  if (absl::Now() - last_ > core_.limits.heartbeat) {
    SLIPWAY_RETURN_IF_ERROR(db::RunTx(core_.pool, "sweep.extend", kDatabaseTime, [&](db::Tx& tx) {
      return ExtendAllLeases(tx, core_.limits.lease);
    }));
  }
  SLIPWAY_ASSIGN_OR_RETURN(
      const std::set<int64_t> runs,
      db::RunTx(core_.pool, "sweep.find", kDatabaseTime, [&](db::Tx& tx) { return FindRuns(tx); }));
  for (const int64_t run_id : runs) SLIPWAY_RETURN_IF_ERROR(SweepRun(run_id));
  last_ = absl::Now();
  return absl::OkStatus();
}

absl::StatusOr<std::set<int64_t>> Sweeper::FindRuns(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto expired, RunsWithExpiredLeases(tx));
  SLIPWAY_ASSIGN_OR_RETURN(const auto overdue,
                           RunsWithOverdueJobs(tx, core_.limits.timeout_margin));
  // A runner that is connected is heard of, also while it has no job to send a heartbeat for.
  std::vector<std::string> connected;
  for (const auto& session : core_.hub.Sessions()) connected.push_back(session->runner());
  if (!connected.empty()) SLIPWAY_RETURN_IF_ERROR(RunnersSeen(tx, connected));
  SLIPWAY_ASSIGN_OR_RETURN(const QueueState queue, Queue(tx));
  metrics_.SetQueue("jobs", queue.waiting, queue.oldest);
  std::set<int64_t> runs(expired.begin(), expired.end());
  runs.insert(overdue.begin(), overdue.end());
  return runs;
}

absl::Status Sweeper::SweepRun(int64_t run_id) {
  return core_.ChangeRun(
      "sweep.run", absl::Now() + kDatabaseTime, run_id,
      [&](db::Tx& tx, RunAggregate& run) -> absl::Status {
        // Looked up again under the lock: a heartbeat may have come in between.
        SLIPWAY_ASSIGN_OR_RETURN(const auto expired, ExpiredJobsOfRun(tx, run_id));
        for (const int64_t id : expired) {
          const int job = run.FindJobById(id);
          const std::string runner = run.jobs()[job].runner;
          log::Warn("job.lost", "the lease of a job has ended",
                    {{"job", run.Get(job).FullName().ToString()}, {"runner", runner}});
          run.Lose(job, "runner " + runner + " was lost", core_.limits.max_attempts,
                   core_.clock.Now());
        }
        SLIPWAY_ASSIGN_OR_RETURN(const auto overdue,
                                 OverdueJobsOfRun(tx, run_id, core_.limits.timeout_margin));
        for (const int64_t id : overdue) {
          const int job = run.FindJobById(id);
          if (run.jobs()[job].state != v1::RUNNING) continue;
          run.EndJob(job, v1::FAILED,
                     "took longer than its limit of " + Minutes(run.jobs()[job].timeout) +
                         "; raise the limit or make the job shorter",
                     core_.clock.Now());
        }
        return absl::OkStatus();
      });
}

}  // namespace slipway::build
