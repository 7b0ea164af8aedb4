#include "libs/db/leadership.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/sql.h"
#include "libs/log/log.h"

namespace slipway::db {
namespace {

constexpr absl::Duration kLook = absl::Seconds(1);
constexpr absl::Duration kStatementTime = absl::Seconds(5);

// The lock belongs to the session, not to the transaction.
constexpr Sql kLock{"leadership.lock",
                    "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken"};
constexpr Sql kUnlock{"leadership.unlock", "SELECT pg_advisory_unlock_all()"};
constexpr Sql kAlive{"leadership.alive", "SELECT 1 AS one"};

}  // namespace

Leadership::Leadership(PoolOptions options, std::string name, Callbacks callbacks)
    : options_(std::move(options)),
      name_(std::move(name)),
      callbacks_(std::move(callbacks)),
      loop_([this](const std::stop_token&) {
        Look();
        return kLook;
      }) {}

void Leadership::Release() {
  if (session_ == nullptr) return;
  // The server notices the end of a session a little later.
  if (session_->Begin(kStatementTime).ok() && session_->Exec(kUnlock, {}).ok())
    (void)session_->Commit();
  session_.reset();
  holds_ = false;
}

void Leadership::Look() {
  const absl::StatusOr<bool> holds = Hold();
  if (!holds.ok()) {
    log::Log(log::Level::kDebug, "leadership.unknown", "the database doesn't answer; asked again",
             {{"name", name_}, {"error", MessageOf(holds.status())}});
    return;
  }
  if (!*holds && !std::exchange(looked_, true)) {
    log::Info("leadership.waits", "another process leads; this one takes over when it ends",
              {{"name", name_}});
  }
  looked_ = true;
  if (*holds == leads_) return;
  leads_ = *holds;
  log::Info(leads_ ? "leadership.gained" : "leadership.lost",
            leads_ ? "this process leads" : "another process leads", {{"name", name_}});
  if (leads_) {
    callbacks_.gained();
  } else {
    callbacks_.lost();
  }
}

absl::StatusOr<bool> Leadership::Hold() {
  if (session_ != nullptr) {
    const absl::StatusOr<bool> taken = TakeLock();
    if (taken.ok()) return taken;
  }
  holds_ = false;
  session_.reset();
  SLIPWAY_ASSIGN_OR_RETURN(session_, Connection::Open(options_));
  return TakeLock();
}

absl::StatusOr<bool> Leadership::TakeLock() {
  SLIPWAY_RETURN_IF_ERROR(session_->Begin(kStatementTime));
  // A second lock in the same session would only be counted; it is enough that the session lives.
  const absl::StatusOr<Result> rows =
      holds_ ? session_->Exec(kAlive, {})
             : session_->Exec(kLock, {Param(options_.schema + "/" + name_)});
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  if (!holds_) holds_ = (*rows)[0].GetBool("taken");
  SLIPWAY_RETURN_IF_ERROR(session_->Commit());
  return holds_;
}

}  // namespace slipway::db
