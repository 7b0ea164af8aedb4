#include "libs/base/id.h"
#include "libs/base/status.h"
#include "services/build/domain/messages.h"
#include "services/build/domain/states.h"
#include "services/build/store/image_store.h"
#include "services/build/store/outbox.h"
#include "services/build/store/rows.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

using db::Sql;

absl::Status SaveRunRow(db::Tx& tx, const RunRecord& run) {
  static constexpr Sql kSave{
      "runs.save",
      "UPDATE runs SET state = $2, reason = $3, image = $4, image_tag = $5, tag_used = $6, "
      "archived = $7, "
      "started_at = $8, ended_at = $9, version = version + 1, updated_at = now() WHERE id = $1"};
  return tx
      .Exec(kSave, run.id, StateText(run.state), run.reason, run.image, run.image_tag, run.tag_used,
            run.archived, run.started, run.ended)
      .status();
}

absl::Status SaveJobRow(db::Tx& tx, const JobRecord& job, absl::Duration lease) {
  // The lease begins with the attempt's fence; a heartbeat may have moved it since, so it is not
  // written again.
  static constexpr Sql kSave{
      "jobs.save",
      "UPDATE jobs SET state = $2, reason = $3, ready = $4, attempt = $5, runner = $7, "
      "runner_session = $8, acknowledged = $9, cancel_requested = $10, steps = $11, built_image = "
      "$12, "
      "has_log = $13, started_at = $14, ended_at = $15, updated_at = now(), "
      "lease_until = CASE WHEN $2 <> 'RUNNING' THEN NULL WHEN fence <> $6::bigint THEN now() + "
      "$16::interval "
      "ELSE lease_until END, "
      "due_at = CASE WHEN $2 = 'PENDING' AND state = 'RUNNING' THEN now() ELSE due_at END, "
      "fence = $6 WHERE id = $1"};
  const std::string steps = SerialiseSteps(job.steps);
  const std::string built = job.built_image ? job.built_image->SerializeAsString() : "";
  const db::Param built_param =
      job.built_image ? db::Param(db::Bytes{built}) : db::Param(std::nullopt);
  return tx
      .Exec(kSave, job.id, StateText(job.state), job.reason, job.ready, job.attempt, job.fence,
            job.runner, job.session, job.acknowledged, job.cancel_requested, db::Bytes{steps},
            built_param, job.has_log, job.started, job.ended, lease)
      .status();
}

// The images of a run that succeeded, each with its event.
absl::Status RecordImages(db::Tx& tx, const RunAggregate& run, std::vector<journal::Record>& facts,
                          events::Outbox& outbox) {
  bool any = false;
  for (const JobRecord& job : run.jobs()) any = any || job.built_image.has_value();
  if (!any) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const plan::v1::Plan plan, LoadPlan(tx, run.run().plan_digest));
  for (const JobRecord& job : run.jobs()) {
    if (!job.built_image) continue;
    SLIPWAY_ASSIGN_OR_RETURN(const std::optional<ImageRecord> image,
                             InsertImage(tx, run.run(), *job.built_image));
    if (!image) continue;
    const v1::ImageCreated event = ImageCreatedEvent(*image, plan);
    SLIPWAY_RETURN_IF_ERROR(
        WriteEvent(tx, outbox, "image.created", event.image().name(), event, run.run().trace_id));
    facts.push_back(ImageRecordedFact(*image));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveRun(db::Tx& tx, RunAggregate& run, absl::Duration lease, events::Outbox& outbox) {
  for (size_t i = 0; i < run.jobs().size(); ++i) {
    if (!run.job_changed(static_cast<int>(i))) continue;
    SLIPWAY_RETURN_IF_ERROR(SaveJobRow(tx, run.jobs()[i], lease));
  }
  if (run.run_changed()) SLIPWAY_RETURN_IF_ERROR(SaveRunRow(tx, run.run()));
  std::vector<journal::Record> facts = run.facts();
  if (run.ended() && run.run().state == v1::SUCCEEDED && !run.run().archived) {
    SLIPWAY_RETURN_IF_ERROR(RecordImages(tx, run, facts, outbox));
  }
  if (run.ended()) {
    v1::RunFinished event;
    *event.mutable_run() = RunMessage(run.run());
    event.set_app_uid(run.run().app_uid);
    SLIPWAY_RETURN_IF_ERROR(
        WriteEvent(tx, outbox, "run.finished", event.run().name(), event, run.run().trace_id));
  }
  SLIPWAY_RETURN_IF_ERROR(WriteFacts(tx, facts));
  return WriteWork(tx, run.work());
}

}  // namespace slipway::build
