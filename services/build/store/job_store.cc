#include "services/build/store/job_store.h"

#include "libs/base/status.h"
#include "services/build/store/rows.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

using db::Sql;

absl::StatusOr<std::vector<int64_t>> Ids(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  std::vector<int64_t> ids;
  for (const db::Row row : *rows) ids.push_back(row.GetInt64("id"));
  return ids;
}

}  // namespace

absl::StatusOr<std::vector<ReadyJob>> ReadyJobs(db::Tx& tx, int limit) {
  static constexpr Sql kReady{"jobs.ready",
                              "SELECT id, run_id FROM jobs WHERE state = 'PENDING' AND ready "
                              "AND due_at <= now() ORDER BY due_at, id LIMIT $1"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kReady, limit));
  std::vector<ReadyJob> jobs;
  for (const db::Row row : rows) jobs.push_back({row.GetInt64("id"), row.GetInt64("run_id")});
  return jobs;
}

absl::Status DelayJob(db::Tx& tx, int64_t job_id, absl::Duration delay) {
  static constexpr Sql kDelay{
      "jobs.delay",
      "UPDATE jobs SET due_at = now() + $2::interval, updated_at = now() WHERE id = $1"};
  return tx.Exec(kDelay, job_id, delay).status();
}

absl::StatusOr<std::vector<int64_t>> ExtendLeases(db::Tx& tx, const std::string& runner,
                                                  const std::string& session,
                                                  const std::vector<Holding>& holdings,
                                                  absl::Duration lease) {
  static constexpr Sql kExtend{
      "jobs.extend_leases",
      "UPDATE jobs SET lease_until = now() + $5::interval FROM unnest($3::bigint[], $4::bigint[]) "
      "AS h(id, fence) "
      "WHERE jobs.id = h.id AND jobs.fence = h.fence AND state = 'RUNNING' AND runner = $1 "
      "AND runner_session = $2 RETURNING jobs.id"};
  std::vector<int64_t> ids;
  std::vector<int64_t> fences;
  for (const Holding& holding : holdings) {
    ids.push_back(holding.job_id);
    fences.push_back(holding.fence);
  }
  return Ids(tx.Exec(kExtend, runner, session, ids, fences, lease));
}

absl::Status ExtendAllLeases(db::Tx& tx, absl::Duration lease) {
  static constexpr Sql kExtend{"jobs.extend_all_leases",
                               "UPDATE jobs SET lease_until = now() + $1::interval "
                               "WHERE state = 'RUNNING' AND lease_until < now() + $1::interval"};
  return tx.Exec(kExtend, lease).status();
}

absl::StatusOr<std::vector<int64_t>> RunsWithExpiredLeases(db::Tx& tx) {
  static constexpr Sql kExpired{
      "jobs.runs_with_expired_leases",
      "SELECT DISTINCT run_id AS id FROM jobs "
      "WHERE state = 'RUNNING' AND lease_until < now() ORDER BY id LIMIT 256"};
  return Ids(tx.Exec(kExpired));
}

absl::StatusOr<std::vector<int64_t>> RunsWithOverdueJobs(db::Tx& tx, absl::Duration margin) {
  static constexpr Sql kOverdue{"jobs.runs_with_overdue_jobs",
                                "SELECT DISTINCT run_id AS id FROM jobs WHERE state = 'RUNNING' "
                                "AND started_at + timeout_seconds * interval '1 second' + "
                                "$1::interval < now() ORDER BY id LIMIT 256"};
  return Ids(tx.Exec(kOverdue, margin));
}

absl::StatusOr<std::vector<int64_t>> ExpiredJobsOfRun(db::Tx& tx, int64_t run_id) {
  static constexpr Sql kExpired{"jobs.expired_of_run",
                                "SELECT id FROM jobs WHERE run_id = $1 AND state = 'RUNNING' "
                                "AND lease_until < now() ORDER BY id FOR UPDATE"};
  return Ids(tx.Exec(kExpired, run_id));
}

absl::StatusOr<std::vector<int64_t>> OverdueJobsOfRun(db::Tx& tx, int64_t run_id,
                                                      absl::Duration margin) {
  static constexpr Sql kOverdue{
      "jobs.overdue_of_run",
      "SELECT id FROM jobs WHERE run_id = $1 AND state = 'RUNNING' "
      "AND started_at + timeout_seconds * interval '1 second' + $2::interval < now() ORDER BY id"};
  return Ids(tx.Exec(kOverdue, run_id, margin));
}

absl::StatusOr<std::vector<int64_t>> RunsHeldByOlderSessions(db::Tx& tx, const std::string& runner,
                                                             const std::string& session) {
  static constexpr Sql kHeld{"jobs.runs_held_by_older_sessions",
                             "SELECT DISTINCT run_id AS id FROM jobs WHERE state = 'RUNNING' "
                             "AND runner = $1 AND runner_session <> $2 ORDER BY id"};
  return Ids(tx.Exec(kHeld, runner, session));
}

absl::StatusOr<std::vector<JobOfRun>> JobsHeldBySession(db::Tx& tx, const std::string& runner,
                                                        const std::string& session) {
  static constexpr Sql kHeld{"jobs.held_by_session",
                             "SELECT * FROM jobs WHERE state = 'RUNNING' AND runner = $1 "
                             "AND runner_session = $2 ORDER BY id"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kHeld, runner, session));
  std::vector<JobOfRun> held;
  for (const db::Row row : rows) {
    JobOfRun one;
    one.job = JobFromRow(row);
    SLIPWAY_ASSIGN_OR_RETURN(one.run, GetRunById(tx, one.job.run_id));
    held.push_back(std::move(one));
  }
  return held;
}

absl::StatusOr<QueueState> Queue(db::Tx& tx) {
  static constexpr Sql kQueue{
      "jobs.queue",
      "SELECT count(*) AS waiting, "
      "coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest "
      "FROM jobs WHERE state = 'PENDING' AND ready"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kQueue));
  return QueueState{rows[0].GetInt64("waiting"), absl::Seconds(rows[0].GetDouble("oldest"))};
}

}  // namespace slipway::build
