#include "libs/db/run_tx.h"

#include <vector>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/db/connection.h"
#include "libs/db/errors.h"
#include "libs/telemetry/metrics.h"

namespace slipway::db {

// A connection on loan from the pool for one block.
class PooledConnection {
 public:
  // With BEGIN done, if `kind` has one. An idle connection may have died unnoticed: nothing has
  // happened yet, so a new one is tried once.
  static absl::StatusOr<PooledConnection> Begin(Pool& pool, absl::Time deadline, TxKind kind) {
    for (int attempt = 0;; ++attempt) {
      SLIPWAY_ASSIGN_OR_RETURN(auto connection, pool.Acquire(deadline));
      if (kind == TxKind::kOneRead) return PooledConnection(pool, std::move(connection), kind);
      const absl::Status status = connection->Begin(deadline - absl::Now());
      if (status.ok()) return PooledConnection(pool, std::move(connection), kind);
      const bool lost = connection->broken();
      pool.Release(std::move(connection));
      if (!lost || attempt > 0) return status;
      pool.DropIdle();
    }
  }

  PooledConnection(Pool& pool, std::unique_ptr<Connection> connection, TxKind kind)
      : pool_(pool), connection_(std::move(connection)), done_(kind == TxKind::kOneRead) {}
  PooledConnection(PooledConnection&&) noexcept = default;
  ~PooledConnection() {
    if (connection_ == nullptr) return;
    if (!done_) connection_->Rollback();
    pool_.Release(std::move(connection_));
  }

  static void DropIdle(Pool& pool) { pool.DropIdle(); }

  Connection& operator*() { return *connection_; }

  absl::Status Commit() {
    if (done_) return absl::OkStatus();
    done_ = true;
    const absl::Status status = connection_->Commit();
    if (!status.ok()) connection_->Rollback();
    return status;
  }

 private:
  Pool& pool_;
  std::unique_ptr<Connection> connection_;
  bool done_;
};

namespace {

constexpr int kRetries = 3;

struct Attempt {
  absl::Status status;
  bool retry = false;
  bool lost = false;
  std::vector<std::function<void()>> hooks;
};

Attempt RunOnce(Pool& pool, absl::Time deadline, TxKind kind,
                const std::function<absl::Status(Tx&)>& body) {
  Attempt attempt;
  auto connection = PooledConnection::Begin(pool, deadline, kind);
  if (!connection.ok()) {
    attempt.status = connection.status();
    return attempt;
  }
  Tx tx(**connection, deadline, kind == TxKind::kOneRead);
  attempt.status = body(tx);
  // A body that swallowed an error must not believe in a commit.
  if (attempt.status.ok()) attempt.status = tx.failure();
  attempt.retry = tx.failure().code() == absl::StatusCode::kAborted;
  attempt.lost = (**connection).broken();
  if (attempt.status.ok()) {
    attempt.status = connection->Commit();
    attempt.retry = attempt.status.code() == absl::StatusCode::kAborted;
    if (attempt.status.ok()) attempt.hooks = tx.TakeHooks();
  }
  return attempt;
}

}  // namespace

absl::Status RunTxBody(Pool& pool, std::string_view name, absl::Time deadline, TxKind kind,
                       const std::function<absl::Status(Tx&)>& body) {
  const absl::Time start = absl::Now();
  Attempt attempt;
  for (int i = 0; i <= kRetries; ++i) {
    attempt = RunOnce(pool, deadline, kind, body);
    // An idle connection had died; whatever is only read may be read again.
    if (kind == TxKind::kOneRead && attempt.lost && i == 0) {
      PooledConnection::DropIdle(pool);
      continue;
    }
    if (!attempt.retry || absl::Now() >= deadline) break;
  }
  if (pool.options().metrics != nullptr) {
    pool.options().metrics->QueryDone(name, absl::StatusCodeToString(attempt.status.code()),
                                      absl::Now() - start);
  }
  for (const auto& hook : attempt.hooks) hook();
  return attempt.status;
}

}  // namespace slipway::db
