#include "services/build/store/run_store.h"

#include "libs/base/status.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/states.h"
#include "services/build/store/rows.h"

namespace slipway::build {

using db::Sql;

absl::StatusOr<std::optional<RunRecord>> FindRunByKey(db::Tx& tx, const std::string& key) {
  static constexpr Sql kFind{"runs.find_by_key", "SELECT * FROM runs WHERE idempotency_key = $1"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kFind, key));
  if (rows.empty()) return std::optional<RunRecord>();
  return std::optional<RunRecord>(RunFromRow(rows[0]));
}

absl::StatusOr<RunRecord> GetRun(db::Tx& tx, const RunName& name) {
  static constexpr Sql kGet{"runs.get",
                            "SELECT * FROM runs WHERE project = $1 AND app = $2 AND workflow = $3 "
                            "AND number = $4 AND NOT archived"};
  static constexpr Sql kLatest{
      "runs.latest",
      "SELECT * FROM runs WHERE project = $1 AND app = $2 AND workflow = $3 "
      "AND NOT archived ORDER BY number DESC LIMIT 1"};
  const WorkflowName& w = name.workflow;
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           name.number == 0
                               ? tx.Exec(kLatest, w.project, w.app, w.workflow)
                               : tx.Exec(kGet, w.project, w.app, w.workflow, name.number));
  if (rows.empty()) return RunNotFound(name.ToString());
  return RunFromRow(rows[0]);
}

absl::StatusOr<RunRecord> GetRunById(db::Tx& tx, int64_t id) {
  static constexpr Sql kGet{"runs.get_by_id", "SELECT * FROM runs WHERE id = $1"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kGet, id));
  if (rows.empty()) return RunNotFound(std::to_string(id));
  return RunFromRow(rows[0]);
}

absl::StatusOr<std::vector<JobRecord>> JobsOfRun(db::Tx& tx, int64_t run_id) {
  static constexpr Sql kJobs{"jobs.of_run",
                             "SELECT * FROM jobs WHERE run_id = $1 ORDER BY position"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kJobs, run_id));
  std::vector<JobRecord> jobs;
  for (const db::Row row : rows) jobs.push_back(JobFromRow(row));
  return jobs;
}

absl::StatusOr<JobOfRun> GetJobOfRun(db::Tx& tx, const JobName& name) {
  static constexpr Sql kRun{"runs.get_with_archived",
                            "SELECT * FROM runs WHERE project = $1 AND app = $2 AND workflow = $3 "
                            "AND number = $4"};
  static constexpr Sql kJob{"jobs.get", "SELECT * FROM jobs WHERE run_id = $1 AND name = $2"};
  const WorkflowName& w = name.run.workflow;
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result runs,
                           tx.Exec(kRun, w.project, w.app, w.workflow, name.run.number));
  if (runs.empty()) return JobNotFound(name.ToString());
  JobOfRun found;
  found.run = RunFromRow(runs[0]);
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result jobs, tx.Exec(kJob, found.run.id, name.job));
  if (jobs.empty()) return JobNotFound(name.ToString());
  found.job = JobFromRow(jobs[0]);
  return found;
}

absl::StatusOr<plan::v1::Plan> LoadPlan(db::Tx& tx, const std::string& digest) {
  static constexpr Sql kLoad{"plans.load", "SELECT plan FROM plans WHERE digest = $1"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kLoad, digest));
  plan::v1::Plan plan;
  if (rows.empty() || !plan.ParseFromString(rows[0].GetBytes("plan"))) {
    return absl::InternalError("plan " + digest + " can't be read");
  }
  return plan;
}

absl::StatusOr<std::vector<RunRecord>> ListRuns(db::Tx& tx, const RunFilter& filter) {
  static constexpr Sql kList{
      "runs.list",
      "SELECT * FROM runs WHERE NOT archived AND project = $1 "
      "AND ($2 = '-' OR app = $2) AND ($3 = '-' OR workflow = $3) "
      "AND ($4 = '' OR ref = $4) AND ($5 = '' OR state = $5) AND ($6 = '' OR actor = $6) "
      "AND ($7::timestamptz IS NULL OR (created_at, id) < ($7, $8::bigint)) "
      "ORDER BY created_at DESC, id DESC LIMIT $9"};
  const std::optional<absl::Time> before_time =
      filter.before ? std::optional<absl::Time>(filter.before->first) : std::nullopt;
  const int64_t before_id = filter.before ? filter.before->second : 0;
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kList, filter.parent.project, filter.parent.app, filter.parent.workflow, filter.ref,
              filter.state == v1::STATE_UNSPECIFIED ? std::string() : StateText(filter.state),
              filter.actor, before_time, before_id, filter.limit));
  std::vector<RunRecord> runs;
  for (const db::Row row : rows) runs.push_back(RunFromRow(row));
  return runs;
}

namespace {

absl::StatusOr<std::optional<RunAggregate>> WithJobs(db::Tx& tx, const db::Result& rows) {
  if (rows.empty()) return std::optional<RunAggregate>();
  RunRecord run = RunFromRow(rows[0]);
  // The lock on the run is the lock on its jobs; heartbeats alone write to a job without it, and
  // only to its lease.
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<JobRecord> jobs, JobsOfRun(tx, run.id));
  return std::optional<RunAggregate>(std::in_place, std::move(run), std::move(jobs));
}

}  // namespace

absl::StatusOr<RunAggregate> LockRun(db::Tx& tx, int64_t run_id) {
  static constexpr Sql kLock{"runs.lock", "SELECT * FROM runs WHERE id = $1 FOR UPDATE"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kLock, run_id));
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<RunAggregate> run, WithJobs(tx, rows));
  if (!run) return RunNotFound(std::to_string(run_id));
  return *std::move(run);
}

absl::StatusOr<std::optional<RunAggregate>> TryLockRun(db::Tx& tx, int64_t run_id) {
  static constexpr Sql kLock{"runs.try_lock",
                             "SELECT * FROM runs WHERE id = $1 FOR UPDATE SKIP LOCKED"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kLock, run_id));
  return WithJobs(tx, rows);
}

absl::StatusOr<std::vector<int64_t>> ActiveRunsOfApp(db::Tx& tx, const std::string& app_uid) {
  static constexpr Sql kActive{"runs.active_of_app",
                               "SELECT id FROM runs WHERE app_uid = $1 "
                               "AND state IN ('PENDING', 'RUNNING') ORDER BY id"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kActive, app_uid));
  std::vector<int64_t> ids;
  for (const db::Row row : rows) ids.push_back(row.GetInt64("id"));
  return ids;
}

absl::Status ArchiveApp(db::Tx& tx, const std::string& app_uid) {
  static constexpr Sql kRuns{"runs.archive",
                             "UPDATE runs SET archived = true, updated_at = now() "
                             "WHERE app_uid = $1 AND NOT archived"};
  static constexpr Sql kImages{
      "images.archive",
      "UPDATE images SET archived = true, updated_at = now() WHERE NOT archived "
      "AND run_id IN (SELECT id FROM runs WHERE app_uid = $1)"};
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kRuns, app_uid).status());
  return tx.Exec(kImages, app_uid).status();
}

}  // namespace slipway::build
