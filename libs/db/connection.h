#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/pool.h"
#include "libs/db/result.h"
#include "libs/db/sql.h"

namespace slipway::db {

// One connection to PostgreSQL, the adapter around libpqxx: no exception leaves it. Used by one
// thread at a time. After a status with IsConnectionLost() it is broken and must be dropped.
class Connection {
 public:
  // Connects and sets search_path, time zone and names of the session. UNAVAILABLE with the
  // server's or system's reason.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const PoolOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // BEGIN with a limit for each statement.
  absl::Status Begin(absl::Duration statement_timeout);
  // UNKNOWN when the connection breaks before the answer.
  absl::Status Commit();
  // A connection that can't even roll back is broken.
  void Rollback();

  // Prepares `sql` when it is new to this connection, and executes it.
  absl::StatusOr<Result> Exec(const Sql& sql, const std::vector<Param>& params);
  absl::Status ExecScript(std::string_view text);

  // From now on what others NOTIFY on `channel` is kept for AwaitNotices. Not within a transaction.
  absl::Status Listen(const std::string& channel);
  // What was sent since the last call, in order; waits for it until `timeout` has passed or `wake`,
  // a file descriptor, becomes readable: none then. Not within a transaction.
  absl::StatusOr<std::vector<std::string>> AwaitNotices(absl::Duration timeout, int wake);

  bool broken() const { return broken_; }

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  absl::Status Caught(std::string_view what);

  std::unique_ptr<Impl> impl_;
  bool broken_ = false;
};

}  // namespace slipway::db
