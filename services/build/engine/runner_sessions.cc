#include "services/build/engine/runner_sessions.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/build/store/job_store.h"
#include "services/build/store/run_store.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {

absl::StatusOr<std::shared_ptr<RunnerSession>> RunnerSessions::Connect(
    const std::string& runner, const v1::WatchLeasesRequest& request, absl::Time deadline,
    std::function<void()> wake) {
  if (request.session().empty()) return InvalidField("session", "is empty");
  if (request.slots() < 1 || request.slots() > 1000)
    return InvalidField("slots", "is not within 1 to 1000");
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(core_.pool, "sessions.connect", deadline, [&](db::Tx& tx) {
    return RunnerConnected(tx, runner, request.session(), request.slots(), request.version())
        .status();
  }));
  v1::LeaseMessage hello;
  hello.mutable_hello()->set_lease_seconds(
      static_cast<int>(absl::ToInt64Seconds(core_.limits.lease)));
  hello.mutable_hello()->set_heartbeat_seconds(
      static_cast<int>(absl::ToInt64Seconds(core_.limits.heartbeat)));
  // From here on the earlier stream is closed: a job that is claimed for it is taken back, and one
  // that was claimed before is seen by Resume.
  auto session = core_.hub.Connect(runner, request.session(), request.slots(), std::move(hello),
                                   std::move(wake));
  if (const absl::Status resumed = Resume(*session, deadline); !resumed.ok()) {
    core_.hub.Disconnect(session);
    return resumed;
  }
  log::Info("runner.connected", "a runner is connected",
            {{"runner", runner}, {"session", request.session()}, {"slots", request.slots()}});
  core_.on_ready();
  return session;
}

absl::Status RunnerSessions::Resume(RunnerSession& session, absl::Time deadline) {
  const std::string& runner = session.runner();
  SLIPWAY_RETURN_IF_ERROR(
      LoseJobs(runner, session.session(), "runner " + runner + " was restarted", deadline));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<JobOfRun> held,
                           db::RunTx(core_.pool, "sessions.held", deadline, [&](db::Tx& tx) {
                             return JobsHeldBySession(tx, runner, session.session());
                           }));
  for (const JobOfRun& job : held) {
    if (job.job.cancel_requested) {
      v1::LeaseMessage cancel;
      *cancel.mutable_cancel()->mutable_key() = job.Key();
      cancel.mutable_cancel()->set_reason(job.job.reason);
      session.Push(std::move(cancel));
      continue;
    }
    if (job.job.acknowledged) continue;
    auto lease = dispatcher_.LeaseAgain(job);
    if (!lease.ok()) continue;  // it ends by its time
    v1::LeaseMessage message;
    *message.mutable_lease() = *std::move(lease);
    session.Push(std::move(message));
  }
  return absl::OkStatus();
}

void RunnerSessions::Disconnect(const std::shared_ptr<RunnerSession>& session) {
  core_.hub.Disconnect(session);
  log::Info("runner.disconnected", "the stream of a runner has ended",
            {{"runner", session->runner()}, {"session", session->session()}});
}

absl::Status RunnerSessions::Remove(const std::string& runner, absl::Time deadline) {
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(core_.pool, "sessions.remove", deadline,
                                    [&](db::Tx& tx) { return DeleteRunner(tx, runner); }));
  if (const auto session = core_.hub.Find(runner)) core_.hub.Disconnect(session);
  return LoseJobs(runner, "", "runner " + runner + " was deleted", deadline);
}

absl::Status RunnerSessions::LoseJobs(const std::string& runner, const std::string& except_session,
                                      const std::string& why, absl::Time deadline) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<int64_t> runs,
                           db::RunTx(core_.pool, "sessions.find_held", deadline, [&](db::Tx& tx) {
                             return RunsHeldByOlderSessions(tx, runner, except_session);
                           }));
  for (const int64_t run_id : runs) {
    SLIPWAY_RETURN_IF_ERROR(
        core_.ChangeRun("sessions.lose", deadline, run_id, [&](db::Tx&, RunAggregate& run) {
          for (size_t i = 0; i < run.jobs().size(); ++i) {
            const JobRecord& job = run.jobs()[i];
            if (job.state != v1::RUNNING || job.runner != runner || job.session == except_session)
              continue;
            run.Lose(static_cast<int>(i), why, core_.limits.max_attempts, core_.clock.Now());
          }
          return absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

}  // namespace slipway::build
