#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::db {

class Connection;

struct PoolOptions {
  std::string dsn = {};     // libpq form: "host=/run/pg dbname=slipway user=auth", or a URL
  std::string schema = {};  // the service's own; becomes the search_path of each connection
  int max = 6;              // open connections at most
  int min = 1;              // this many stay open when idle
  absl::Duration idle = absl::Seconds(10);  // beyond `min`, closed after this time without use
  std::string application_name = {};        // seen in pg_stat_activity
  telemetry::Metrics* metrics = nullptr;    // outlives the pool
};

// The connections of one service to its database. Opened when first needed, closed when idle; a
// connection that failed is dropped, never repaired. Owned by App; thread-safe; outlives its users.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  const PoolOptions& options() const { return options_; }
  // Open connections, in use or idle.
  int open() const;

  // OK when the database answers; for readiness checks.
  absl::Status Ping(absl::Time deadline);

  // Closes the idle connections; those in use close when they are released. Later use is
  // UNAVAILABLE.
  void Close();

 private:
  friend class PooledConnection;

  struct Idle {
    std::unique_ptr<Connection> connection;
    absl::Time since;
  };

  // Waits for a free slot until `deadline` (RESOURCE_EXHAUSTED then), and opens a connection if
  // none is idle.
  absl::StatusOr<std::unique_ptr<Connection>> Acquire(absl::Time deadline);
  void Release(std::unique_ptr<Connection> connection);
  // After a lost connection the other idle ones are suspect too.
  void DropIdle();

  const PoolOptions options_;
  mutable Mutex mu_;
  std::condition_variable freed_;
  std::vector<Idle> idle_ SLIPWAY_GUARDED_BY(mu_);  // the last one was used last
  int in_use_ SLIPWAY_GUARDED_BY(mu_) = 0;
  bool closed_ SLIPWAY_GUARDED_BY(mu_) = false;
};

}  // namespace slipway::db
