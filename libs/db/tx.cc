#include "libs/db/tx.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/db/connection.h"

namespace slipway::db {

absl::Status Tx::Note(absl::Status status) {
  if (!status.ok() && failure_.ok()) failure_ = status;
  return status;
}

absl::StatusOr<Result> Tx::ExecParams(const Sql& sql, const std::vector<Param>& params) {
  if (!failure_.ok()) return failure_;
  if (absl::Now() >= deadline_) {
    return Note(absl::DeadlineExceededError(std::string(sql.name) + ": no time left"));
  }
  if (one_read_ &&
      (std::exchange(read_, true) || !std::string_view(sql.text).starts_with("SELECT"))) {
    return Note(absl::InternalError(std::string(sql.name) + ": one SELECT only is read like this"));
  }
  auto result = connection_.Exec(sql, params);
  if (!result.ok()) return Note(result.status());
  return result;
}

absl::Status Tx::ExecScript(std::string_view text) {
  if (!failure_.ok()) return failure_;
  if (one_read_) return Note(absl::InternalError("a script is nothing that is only read"));
  return Note(connection_.ExecScript(text));
}

absl::Status Tx::InSavepoint(const std::function<absl::Status()>& body) {
  const std::string name = "s" + std::to_string(++savepoints_);
  const size_t hooks = hooks_.size();
  SLIPWAY_RETURN_IF_ERROR(ExecScript("SAVEPOINT " + name));
  absl::Status status = body();
  if (status.ok()) status = failure_;
  if (status.ok()) return ExecScript("RELEASE SAVEPOINT " + name);
  hooks_.resize(hooks);
  if (!connection_.broken()) {
    failure_ =
        connection_.ExecScript("ROLLBACK TO SAVEPOINT " + name + "; RELEASE SAVEPOINT " + name);
  }
  return status;
}

}  // namespace slipway::db
