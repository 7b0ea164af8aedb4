#include "libs/db/pool.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/db/connection.h"
#include "libs/db/run_tx.h"

namespace slipway::db {

Pool::Pool(PoolOptions options) : options_(std::move(options)) {}
Pool::~Pool() = default;

int Pool::open() const {
  MutexLock lock(mu_);
  return in_use_ + static_cast<int>(idle_.size());
}

absl::Status Pool::Ping(absl::Time deadline) {
  static constexpr Sql kPing{"db.ping", "SELECT 1"};
  return RunTx(*this, "db.ping", deadline, [](Tx& tx) { return tx.Exec(kPing).status(); });
}

void Pool::Close() {
  std::vector<Idle> closing;
  {
    MutexLock lock(mu_);
    closed_ = true;
    closing.swap(idle_);
  }
  freed_.notify_all();
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Acquire(absl::Time deadline) {
  // A far deadline would overflow the clock of the standard library.
  const auto until = absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Hours(24)));
  {
    std::unique_lock<Mutex> lock(mu_);
    const bool free = freed_.wait_until(
        lock, until, [this] { return closed_ || !idle_.empty() || in_use_ < options_.max; });
    if (closed_) return absl::UnavailableError("the database pool is closed");
    if (!free) {
      return absl::ResourceExhaustedError("all " + std::to_string(options_.max) +
                                          " database connections are in use");
    }
    ++in_use_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back().connection);
      idle_.pop_back();
      return connection;
    }
  }
  auto opened = Connection::Open(options_);
  if (!opened.ok()) {
    {
      MutexLock lock(mu_);
      --in_use_;
    }
    freed_.notify_one();
  }
  return opened;
}

void Pool::Release(std::unique_ptr<Connection> connection) {
  std::vector<Idle> closing;  // closed without the lock
  {
    MutexLock lock(mu_);
    --in_use_;
    const absl::Time now = absl::Now();
    if (!connection->broken() && !closed_) idle_.push_back({std::move(connection), now});
    while (in_use_ + static_cast<int>(idle_.size()) > options_.min && !idle_.empty() &&
           idle_.front().since + options_.idle <= now) {
      closing.push_back(std::move(idle_.front()));
      idle_.erase(idle_.begin());
    }
  }
  freed_.notify_one();
}

void Pool::DropIdle() {
  std::vector<Idle> closing;
  MutexLock lock(mu_);
  closing.swap(idle_);
}

}  // namespace slipway::db
