#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/result.h"
#include "libs/db/sql.h"

namespace slipway::db {

class Connection;

// A running transaction, made by RunTx and valid inside its function only. Not thread-safe.
//
// Errors of the statements:
//   ALREADY_EXISTS       a unique constraint; its name by ViolatedConstraint()
//   FAILED_PRECONDITION  a foreign key, CHECK or NOT NULL constraint; the same
//   ABORTED              serialization failure or deadlock (RunTx retries these)
//   DEADLINE_EXCEEDED    the deadline of the transaction
//   UNAVAILABLE          the connection was lost, or the server shuts down
//   INTERNAL             anything else: a mistake in the SQL, out of disk
// After an error the transaction can only be rolled back, except inside InSavepoint().
class Tx {
 public:
  // `one_read`: only one statement is taken, of which nothing has to be committed.
  Tx(Connection& connection, absl::Time deadline, bool one_read = false)
      : connection_(connection), deadline_(deadline), one_read_(one_read) {}
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  template <typename... Params>
  absl::StatusOr<Result> Exec(const Sql& sql, const Params&... params) {
    return ExecParams(sql, std::vector<Param>{Param(params)...});
  }
  absl::StatusOr<Result> ExecParams(const Sql& sql, const std::vector<Param>& params);

  // Runs a text of one or more statements without parameters: migrations and tests.
  absl::Status ExecScript(std::string_view text);

  // Runs `body` so that its error undoes only what it did; the transaction goes on.
  absl::Status InSavepoint(const std::function<absl::Status()>& body);

  // Runs `hook` after the commit, on the thread of RunTx, in the order of the calls; never when it
  // rolls back. For wake-ups: it must not fail and not block.
  void OnCommit(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }

  absl::Time deadline() const { return deadline_; }

  // For RunTx: the first error that left the transaction unusable, and the hooks.
  const absl::Status& failure() const { return failure_; }
  std::vector<std::function<void()>> TakeHooks() { return std::move(hooks_); }

 private:
  absl::Status Note(absl::Status status);

  Connection& connection_;
  const absl::Time deadline_;
  const bool one_read_;
  bool read_ = false;
  absl::Status failure_;
  int savepoints_ = 0;
  std::vector<std::function<void()>> hooks_;
};

// The name of the constraint behind an ALREADY_EXISTS or FAILED_PRECONDITION of Tx; "" for other
// statuses.
std::string ViolatedConstraint(const absl::Status& status);

}  // namespace slipway::db
