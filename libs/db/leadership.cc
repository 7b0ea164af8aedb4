#include "libs/db/leadership.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
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
constexpr Sql kTell{"leadership.tell", "SELECT pg_notify(current_schema() || '/' || $1, $2)"};

}  // namespace

Leadership::Leadership(PoolOptions options, std::string name, Callbacks callbacks)
    : options_(std::move(options)),
      name_(std::move(name)),
      callbacks_(std::move(callbacks)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Leadership::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Leadership::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

absl::Status Leadership::Tell(Tx& tx, const std::string& name, const std::string& text) {
  return tx.Exec(kTell, name, text).status();
}

void Leadership::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Look();
    Rest(stop);
  }
}

void Leadership::Rest(const std::stop_token& stop) {
  const absl::Time until = absl::Now() + kLook;
  while (!stop.stop_requested() && absl::Now() < until) {
    const absl::Duration left = until - absl::Now();
    if (session_ == nullptr || !callbacks_.heard) {
      pollfd wake = {.fd = wake_.get(), .events = POLLIN, .revents = 0};
      ::poll(&wake, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
      continue;
    }
    const auto told = session_->AwaitNotices(left, wake_.get());
    // The next look opens another session.
    if (!told.ok()) {
      session_.reset();
      holds_ = false;
      return;
    }
    for (const std::string& text : *told) callbacks_.heard(text);
  }
}

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
  if (callbacks_.heard) {
    const absl::Status listens = session_->Listen(options_.schema + "/" + name_);
    if (!listens.ok()) {
      session_.reset();
      return listens;
    }
    if (std::exchange(listened_, true) && callbacks_.missed) callbacks_.missed();
  }
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
