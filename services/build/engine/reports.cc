#include "services/build/engine/reports.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/states.h"
#include "services/build/store/job_store.h"
#include "services/build/store/run_store.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {

absl::Status CheckHolding(const JobOfRun& job, const std::string& runner, int64_t fence) {
  const std::string name = job.FullName().ToString();
  // A token that was never given out for this job, or the present one of another runner.
  if (fence > job.job.fence || fence <= 0) return ForeignLease(name);
  if (fence == job.job.fence && !job.job.runner.empty() && job.job.runner != runner)
    return ForeignLease(name);
  if (fence < job.job.fence || job.job.runner != runner || job.job.state == v1::PENDING)
    return LeaseLost(name);
  return absl::OkStatus();
}

absl::StatusOr<JobOfRun> Reports::Held(const std::string& runner, const v1::LeaseKey& key,
                                       absl::Time deadline) {
  const auto name = JobName::Parse(key.job());
  // A runner learns nothing about jobs that are not its own.
  if (!name || name->run.number == 0) return ForeignLease(key.job());
  auto job = db::RunTx(core_.pool, "reports.held", deadline,
                       [&](db::Tx& tx) { return GetJobOfRun(tx, *name); });
  if (absl::IsNotFound(job.status())) return ForeignLease(key.job());
  if (!job.ok()) return job.status();
  SLIPWAY_RETURN_IF_ERROR(CheckHolding(*job, runner, key.fence()));
  return job;
}

absl::StatusOr<std::vector<v1::LeaseKey>> Reports::Heartbeat(const std::string& runner,
                                                             const v1::HeartbeatRequest& request,
                                                             absl::Time deadline) {
  std::vector<v1::LeaseKey> lost;
  std::vector<JobOfRun> held;
  absl::Status foreign;
  for (const v1::LeaseKey& key : request.leases()) {
    auto job = Held(runner, key, deadline);
    if (absl::IsPermissionDenied(job.status())) foreign = job.status();
    if (absl::IsAborted(job.status()) || absl::IsPermissionDenied(job.status())) {
      lost.push_back(key);
      continue;
    }
    if (!job.ok()) return job.status();
    held.push_back(*std::move(job));
  }
  // A job that is not the runner's must not cost it the leases of those that are.
  if (held.empty() && !foreign.ok()) return foreign;
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<int64_t> extended,
                           Extend(runner, request.session(), held, deadline));
  for (const JobOfRun& job : held) {
    if (std::find(extended.begin(), extended.end(), job.job.id) == extended.end()) {
      lost.push_back(job.Key());
    } else if (job.job.cancel_requested) {
      RepeatCancel(job);
    } else if (!job.job.acknowledged) {
      SLIPWAY_RETURN_IF_ERROR(Acknowledge(job, deadline));
    }
  }
  return lost;
}

absl::StatusOr<std::vector<int64_t>> Reports::Extend(const std::string& runner,
                                                     const std::string& session,
                                                     const std::vector<JobOfRun>& held,
                                                     absl::Time deadline) {
  std::vector<Holding> holdings;
  for (const JobOfRun& job : held) holdings.push_back({job.job.id, job.job.fence});
  return db::RunTx(core_.pool, "reports.heartbeat", deadline,
                   [&](db::Tx& tx) -> absl::StatusOr<std::vector<int64_t>> {
                     SLIPWAY_RETURN_IF_ERROR(RunnersSeen(tx, {runner}));
                     if (holdings.empty()) return std::vector<int64_t>();
                     return ExtendLeases(tx, runner, session, holdings, core_.limits.lease);
                   });
}

void Reports::RepeatCancel(const JobOfRun& job) {
  const auto stream = core_.hub.Find(job.job.runner);
  if (!stream || stream->session() != job.job.session) return;
  v1::LeaseMessage message;
  *message.mutable_cancel()->mutable_key() = job.Key();
  message.mutable_cancel()->set_reason(job.job.reason);
  stream->Push(std::move(message));
}

absl::Status Reports::Acknowledge(const JobOfRun& held, absl::Time deadline) {
  return core_.ChangeRun(
      "reports.acknowledge", deadline, held.run.id, [&](db::Tx&, RunAggregate& run) {
        const int job = run.FindJobById(held.job.id);
        if (run.jobs()[job].fence == held.job.fence && run.jobs()[job].state == v1::RUNNING)
          run.Acknowledge(job);
        return absl::OkStatus();
      });
}

absl::Status Reports::ReportSteps(const std::string& runner, const v1::ReportStepsRequest& request,
                                  absl::Time deadline) {
  SLIPWAY_ASSIGN_OR_RETURN(const JobOfRun held, Held(runner, request.key(), deadline));
  return core_.ChangeRun(
      "reports.steps", deadline, held.run.id, [&](db::Tx&, RunAggregate& run) -> absl::Status {
        const int job = run.FindJobById(held.job.id);
        SLIPWAY_RETURN_IF_ERROR(CheckHolding(run.Get(job), runner, request.key().fence()));
        if (run.jobs()[job].state != v1::RUNNING) return LeaseLost(request.key().job());
        run.Acknowledge(job);
        run.ReportSteps(job, {request.steps().begin(), request.steps().end()});
        return absl::OkStatus();
      });
}

absl::StatusOr<int64_t> Reports::AppendLog(const std::string& runner,
                                           const v1::AppendLogRequest& request,
                                           absl::Time deadline) {
  if (request.data().size() > kMaxLogPiece)
    return LogPieceTooLarge(request.data().size(), kMaxLogPiece);
  if (request.offset() < 0) return InvalidField("offset", "is negative");
  SLIPWAY_ASSIGN_OR_RETURN(const JobOfRun held, Held(runner, request.key(), deadline));
  if (held.job.state != v1::RUNNING) return LeaseLost(request.key().job());
  SLIPWAY_ASSIGN_OR_RETURN(const int64_t size, logs_.Append({held.job.id, held.job.attempt},
                                                            request.offset(), request.data()));
  core_.logs.Notify(held.job.id);
  // Followers have the line; what is written down about it comes after. The runner's own lines,
  // such as those about the checkout, are not what people wait for.
  if (!held.job.has_log && !request.data().empty() && !request.step().empty()) {
    SLIPWAY_RETURN_IF_ERROR(core_.ChangeRun(
        "reports.first_log", deadline, held.run.id, [&](db::Tx&, RunAggregate& run) {
          const int job = run.FindJobById(held.job.id);
          if (run.jobs()[job].fence != held.job.fence || run.jobs()[job].state != v1::RUNNING)
            return absl::OkStatus();
          run.Acknowledge(job);
          run.FirstLog(job);
          return absl::OkStatus();
        }));
  }
  return size;
}

absl::Status Reports::CompleteJob(const std::string& runner, const v1::CompleteJobRequest& request,
                                  absl::Time deadline) {
  if (!IsFinal(request.state()) || request.state() == v1::SKIPPED) {
    return InvalidField("state", "is not SUCCEEDED, FAILED or CANCELLED");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const JobOfRun held, Held(runner, request.key(), deadline));
  if (IsFinal(held.job.state)) return absl::OkStatus();
  const LogKey log{held.job.id, held.job.attempt};
  SLIPWAY_ASSIGN_OR_RETURN(const bool complete, logs_.Has(log, request.log_size()));
  if (!complete) return LogIncomplete(logs_.Size(log).value_or(0), request.log_size());
  return core_.ChangeRun(
      "reports.complete", deadline, held.run.id, [&](db::Tx&, RunAggregate& run) -> absl::Status {
        const int job = run.FindJobById(held.job.id);
        SLIPWAY_RETURN_IF_ERROR(CheckHolding(run.Get(job), runner, request.key().fence()));
        if (IsFinal(run.jobs()[job].state)) return absl::OkStatus();
        if (request.state() == v1::CANCELLED && !run.jobs()[job].cancel_requested) {
          run.Lose(job, "runner " + runner + " gave the job back", core_.limits.max_attempts,
                   core_.clock.Now());
          return absl::OkStatus();
        }
        run.Acknowledge(job);
        run.ReportSteps(job, {request.steps().begin(), request.steps().end()});
        if (request.has_image() && !request.image().digest().empty())
          run.Built(job, request.image());
        run.EndJob(job, request.state(), request.reason(), core_.clock.Now());
        return absl::OkStatus();
      });
}

}  // namespace slipway::build
