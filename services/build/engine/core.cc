#include "services/build/engine/core.h"

#include "libs/base/status.h"
#include "services/build/store/run_store.h"

namespace slipway::build {

absl::Status Core::Save(db::Tx& tx, RunAggregate& run) {
  SLIPWAY_RETURN_IF_ERROR(SaveRun(tx, run, limits.lease, outbox));
  std::vector<int64_t> changed;
  bool ready = false;
  for (size_t i = 0; i < run.jobs().size(); ++i) {
    const JobRecord& job = run.jobs()[i];
    if (!run.job_changed(static_cast<int>(i))) continue;
    changed.push_back(job.id);
    // A job that ended leaves a free place at its runner.
    ready = ready || (job.state != v1::RUNNING);
    if (job.state == v1::RUNNING && job.cancel_requested) {
      v1::LeaseMessage message;
      *message.mutable_cancel()->mutable_key() = run.Get(static_cast<int>(i)).Key();
      message.mutable_cancel()->set_reason(job.reason);
      tx.OnCommit([this, runner = job.runner, session = job.session, message] {
        const auto stream = hub.Find(runner);
        if (stream && stream->session() == session) stream->Push(message);
      });
    }
  }
  tx.OnCommit([this, run_id = run.run().id, changed, ready, work = !run.work().empty()] {
    runs.Notify(run_id);
    for (const int64_t job : changed) logs.Notify(job);
    if (ready) on_ready();
    if (work) on_work();
  });
  return absl::OkStatus();
}

absl::Status Core::ChangeRun(std::string_view name, absl::Time deadline, int64_t run_id,
                             const std::function<absl::Status(db::Tx&, RunAggregate&)>& change) {
  return db::RunTx(pool, name, deadline, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(RunAggregate run, LockRun(tx, run_id));
    SLIPWAY_RETURN_IF_ERROR(change(tx, run));
    return Save(tx, run);
  });
}

}  // namespace slipway::build
