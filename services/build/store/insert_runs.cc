#include <map>

#include "libs/base/status.h"
#include "services/build/domain/plan_facts.h"
#include "services/build/domain/states.h"
#include "services/build/store/outbox.h"
#include "services/build/store/rows.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

using db::Sql;

// Locks the numbers of all workflows of the batch, in an order that two batches share, and gives
// the last number of each.
absl::StatusOr<std::map<WorkflowName, int64_t>> LockNumbers(db::Tx& tx,
                                                            const std::vector<NewRunRecord>& runs) {
  static constexpr Sql kLock{
      "run_numbers.lock",
      "INSERT INTO run_numbers (project, app, workflow, last) VALUES ($1, $2, $3, 0) "
      "ON CONFLICT (project, app, workflow) DO UPDATE SET last = run_numbers.last "
      "RETURNING last"};
  std::map<WorkflowName, int64_t> last;
  for (const NewRunRecord& run : runs) last[run.run.name.workflow] = 0;
  for (auto& [name, number] : last) {
    SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                             tx.Exec(kLock, name.project, name.app, name.workflow));
    number = rows[0].GetInt64("last");
  }
  return last;
}

absl::Status SaveNumbers(db::Tx& tx, const std::map<WorkflowName, int64_t>& last) {
  static constexpr Sql kSave{"run_numbers.save",
                             "UPDATE run_numbers SET last = $4 "
                             "WHERE project = $1 AND app = $2 AND workflow = $3"};
  for (const auto& [name, number] : last) {
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kSave, name.project, name.app, name.workflow, number).status());
  }
  return absl::OkStatus();
}

// The place of the run among those of its workflow and ref: the given one, else the next.
absl::StatusOr<int64_t> TakeOrder(db::Tx& tx, const RunRecord& run) {
  static constexpr Sql kTake{
      "run_orders.take",
      "INSERT INTO run_orders AS o (app_uid, workflow, ref, last) "
      "VALUES ($1, $2, $3, greatest($4::bigint, 1)) "
      "ON CONFLICT (app_uid, workflow, ref) DO UPDATE SET last = "
      "CASE WHEN $4::bigint = 0 THEN o.last + 1 ELSE greatest(o.last, $4) END "
      "RETURNING last"};
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kTake, run.app_uid, run.name.workflow.workflow, run.ref, run.order));
  return run.order != 0 ? run.order : rows[0].GetInt64("last");
}

absl::Status InsertPlan(db::Tx& tx, const std::string& digest, const std::string& plan) {
  static constexpr Sql kPlan{
      "plans.insert", "INSERT INTO plans (digest, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
  return tx.Exec(kPlan, digest, db::Bytes{plan}).status();
}

absl::StatusOr<RunRecord> InsertRunRow(db::Tx& tx, const NewRunRecord& record) {
  static constexpr Sql kInsert{
      "runs.insert",
      "INSERT INTO runs (project, app, workflow, number, app_uid, idempotency_key, state, "
      "commit_sha, "
      "subject, author, ref, cause, actor, delivery, retry_of, plan_digest, order_no, traceparent, "
      "trace_id, tag_pattern) VALUES ($1, $2, $3, $4, $5, $6, 'PENDING', $7, $8, $9, $10, $11, "
      "$12, $13, "
      "$14, $15, $16, $17, $18, $19) RETURNING *"};
  const RunRecord& run = record.run;
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kInsert, run.name.workflow.project, run.name.workflow.app, run.name.workflow.workflow,
              run.name.number, run.app_uid, record.idempotency_key, run.commit, run.subject,
              run.author, run.ref, run.cause, run.actor, run.delivery, run.retry_of,
              run.plan_digest, run.order, run.traceparent, run.trace_id, run.tag_pattern));
  return RunFromRow(rows[0]);
}

absl::Status InsertJobs(db::Tx& tx, int64_t run_id, const std::vector<JobRecord>& jobs) {
  static constexpr Sql kInsert{
      "jobs.insert",
      "INSERT INTO jobs (run_id, name, position, needs, state, ready, timeout_seconds, steps) "
      "VALUES ($1, $2, $3, $4::text[], 'PENDING', $5, $6, $7)"};
  for (const JobRecord& job : jobs) {
    const std::string steps = SerialiseSteps(job.steps);
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsert, run_id, job.name, job.position, job.needs, job.ready,
                                    absl::ToInt64Seconds(job.timeout), db::Bytes{steps})
                                .status());
  }
  return absl::OkStatus();
}

absl::Status SetDefaultTag(db::Tx& tx, RunRecord& run) {
  static constexpr Sql kSet{"runs.set_tag", "UPDATE runs SET image_tag = $2 WHERE id = $1"};
  run.image_tag = DefaultTag(run.commit, run.id);
  return tx.Exec(kSet, run.id, run.image_tag).status();
}

}  // namespace

absl::StatusOr<std::vector<InsertedRun>> InsertRuns(db::Tx& tx, std::vector<NewRunRecord> runs) {
  // Whoever holds the numbers is alone with these workflows, so that a key is looked up once and
  // for all.
  SLIPWAY_ASSIGN_OR_RETURN(auto numbers, LockNumbers(tx, runs));
  std::vector<InsertedRun> inserted;
  for (NewRunRecord& record : runs) {
    SLIPWAY_ASSIGN_OR_RETURN(std::optional<RunRecord> existing,
                             FindRunByKey(tx, record.idempotency_key));
    if (existing) {
      inserted.push_back({*std::move(existing), true});
      continue;
    }
    record.run.name.number = ++numbers[record.run.name.workflow];
    SLIPWAY_ASSIGN_OR_RETURN(record.run.order, TakeOrder(tx, record.run));
    SLIPWAY_RETURN_IF_ERROR(InsertPlan(tx, record.run.plan_digest, record.plan));
    SLIPWAY_ASSIGN_OR_RETURN(RunRecord run, InsertRunRow(tx, record));
    SLIPWAY_RETURN_IF_ERROR(InsertJobs(tx, run.id, record.jobs));
    if (run.tag_pattern.empty()) SLIPWAY_RETURN_IF_ERROR(SetDefaultTag(tx, run));
    RunAggregate aggregate(run, {});
    aggregate.Created();
    SLIPWAY_RETURN_IF_ERROR(WriteFacts(tx, aggregate.facts()));
    inserted.push_back({std::move(run), false});
  }
  SLIPWAY_RETURN_IF_ERROR(SaveNumbers(tx, numbers));
  return inserted;
}

}  // namespace slipway::build
