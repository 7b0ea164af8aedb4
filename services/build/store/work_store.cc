#include "services/build/store/work_store.h"

#include "libs/base/status.h"

namespace slipway::build {

using db::Sql;

absl::StatusOr<std::vector<DueWork>> TakeWork(db::Tx& tx, int limit, absl::Duration hold) {
  static constexpr Sql kTake{"work.take",
                             "UPDATE work SET due_at = now() + $2::interval, tries = tries + 1, "
                             "updated_at = now() WHERE id IN "
                             "(SELECT id FROM work WHERE due_at <= now() ORDER BY due_at, id LIMIT "
                             "$1 FOR UPDATE SKIP LOCKED) "
                             "RETURNING id, kind, subject, detail, tries"};
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kTake, limit, hold));
  std::vector<DueWork> work;
  for (const db::Row row : rows) {
    work.push_back({row.GetInt64("id"),
                    {row.GetString("kind"), row.GetString("subject"), row.GetString("detail")},
                    row.GetInt("tries")});
  }
  return work;
}

absl::Status WorkDone(db::Tx& tx, int64_t id) {
  static constexpr Sql kDone{"work.done", "DELETE FROM work WHERE id = $1"};
  return tx.Exec(kDone, id).status();
}

absl::Status WorkFailed(db::Tx& tx, int64_t id, const std::string& error, absl::Duration delay) {
  static constexpr Sql kFailed{"work.failed",
                               "UPDATE work SET due_at = now() + $3::interval, last_error = $2, "
                               "updated_at = now() WHERE id = $1"};
  return tx.Exec(kFailed, id, error, delay).status();
}

absl::Status ReturnWork(db::Tx& tx, int64_t id) {
  static constexpr Sql kReturn{"work.return",
                               "UPDATE work SET due_at = now(), tries = tries - 1, "
                               "updated_at = now() WHERE id = $1"};
  return tx.Exec(kReturn, id).status();
}

}  // namespace slipway::build
