#include "services/build/store/log_archive_store.h"

#include "libs/base/status.h"

namespace slipway::build {

using db::Sql;

absl::Status RecordArchivedLog(db::Tx& tx, int64_t job_id, int attempt, int64_t bytes) {
  static constexpr Sql kRecord{"archive.record",
                               "INSERT INTO archived_logs (job_id, attempt, bytes) "
                               "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
  return tx.Exec(kRecord, job_id, attempt, bytes).status();
}

absl::StatusOr<int64_t> PruneLogs(db::Tx& tx, absl::Time before, int64_t max_bytes, int limit) {
  static constexpr Sql kPrune{
      "archive.prune",
      "WITH old AS (SELECT job_id, attempt FROM (SELECT job_id, attempt, created_at, sum(bytes) "
      "OVER (ORDER BY created_at DESC, job_id DESC, attempt DESC) AS newer FROM archived_logs "
      "WHERE pruned_at IS NULL) AS kept WHERE created_at < $1 OR newer > $2 "
      "ORDER BY created_at, job_id, attempt LIMIT $3), "
      "pruned AS (UPDATE archived_logs AS log SET pruned_at = now(), updated_at = now() FROM old "
      "WHERE log.job_id = old.job_id AND log.attempt = old.attempt AND log.pruned_at IS NULL "
      "RETURNING log.job_id, log.attempt) "
      "INSERT INTO work (kind, subject, detail) "
      "SELECT 'delete_log', job_id::text, attempt::text FROM pruned"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kPrune, before, max_bytes, limit));
  return static_cast<int64_t>(rows.affected_rows());
}

absl::StatusOr<std::optional<absl::Time>> LogPrunedAt(db::Tx& tx, int64_t job_id, int attempt) {
  static constexpr Sql kPruned{
      "archive.pruned", "SELECT pruned_at FROM archived_logs WHERE job_id = $1 AND attempt = $2"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kPruned, job_id, attempt));
  if (rows.empty()) return std::optional<absl::Time>();
  return rows[0].GetOptionalTime("pruned_at");
}

absl::StatusOr<int64_t> ArchivedBytes(db::Tx& tx) {
  static constexpr Sql kBytes{"archive.bytes",
                              "SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM archived_logs "
                              "WHERE pruned_at IS NULL"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kBytes));
  return rows[0].GetInt64("bytes");
}

}  // namespace slipway::build
