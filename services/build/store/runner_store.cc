#include "services/build/store/runner_store.h"

#include "libs/base/status.h"
#include "services/build/domain/errors.h"
#include "services/build/store/rows.h"

namespace slipway::build {
namespace {

using db::Sql;

absl::StatusOr<RunnerRecord> One(absl::StatusOr<db::Result> rows, const std::string& name) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return RunnerNotFound(RunnerName(name));
  return RunnerFromRow((*rows)[0]);
}

}  // namespace

absl::StatusOr<RunnerRecord> InsertRunner(db::Tx& tx, const RunnerRecord& runner) {
  static constexpr Sql kInsert{
      "runners.insert",
      "INSERT INTO runners (name, description, paused) VALUES ($1, $2, $3) "
      "ON CONFLICT (name) DO NOTHING RETURNING *, 0 AS jobs"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kInsert, runner.name, runner.description, runner.paused));
  if (rows.empty()) return RunnerExists(RunnerName(runner.name));
  return RunnerFromRow(rows[0]);
}

absl::StatusOr<RunnerRecord> GetRunner(db::Tx& tx, const std::string& name) {
  static constexpr Sql kGet{"runners.get",
                            "SELECT *, (SELECT count(*) FROM jobs WHERE state = 'RUNNING' "
                            "AND runner = runners.name) AS jobs FROM runners WHERE name = $1"};
  return One(tx.Exec(kGet, name), name);
}

absl::StatusOr<std::vector<RunnerRecord>> ListRunners(db::Tx& tx, const std::string& after,
                                                      int limit) {
  static constexpr Sql kList{"runners.list",
                             "SELECT *, (SELECT count(*) FROM jobs WHERE state = 'RUNNING' "
                             "AND runner = runners.name) AS jobs FROM runners WHERE name > $1 "
                             "ORDER BY name LIMIT $2"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kList, after, limit));
  std::vector<RunnerRecord> runners;
  for (const db::Row row : rows) runners.push_back(RunnerFromRow(row));
  return runners;
}

absl::StatusOr<RunnerRecord> UpdateRunner(db::Tx& tx, const RunnerRecord& runner) {
  static constexpr Sql kUpdate{
      "runners.update",
      "UPDATE runners SET description = $2, paused = $3, updated_at = now() "
      "WHERE name = $1 RETURNING *, (SELECT count(*) FROM jobs "
      "WHERE state = 'RUNNING' AND runner = runners.name) AS jobs"};
  return One(tx.Exec(kUpdate, runner.name, runner.description, runner.paused), runner.name);
}

absl::Status DeleteRunner(db::Tx& tx, const std::string& name) {
  static constexpr Sql kDelete{"runners.delete", "DELETE FROM runners WHERE name = $1"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDelete, name));
  if (rows.affected_rows() == 0) return RunnerNotFound(RunnerName(name));
  return absl::OkStatus();
}

absl::StatusOr<RunnerRecord> RunnerConnected(db::Tx& tx, const std::string& name,
                                             const std::string& session, int slots,
                                             const std::string& version) {
  static constexpr Sql kConnect{"runners.connected",
                                "INSERT INTO runners (name, session, slots, version, last_seen_at) "
                                "VALUES ($1, $2, $3, $4, now()) "
                                "ON CONFLICT (name) DO UPDATE SET session = $2, slots = $3, "
                                "version = $4, last_seen_at = now(), "
                                "updated_at = now() RETURNING *, 0 AS jobs"};
  return One(tx.Exec(kConnect, name, session, slots, version), name);
}

absl::Status RunnersSeen(db::Tx& tx, const std::vector<std::string>& names) {
  static constexpr Sql kSeen{"runners.seen",
                             "UPDATE runners SET last_seen_at = now() WHERE name = ANY($1::text[]) "
                             "AND (last_seen_at IS NULL OR last_seen_at "
                             "NOT BETWEEN now() - interval '10 seconds' AND now())"};
  return tx.Exec(kSeen, names).status();
}

}  // namespace slipway::build
