#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"
#include "libs/db/connection.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"

namespace slipway::db {

// Lets one process at a time lead among all that use the same database, schema and name, for work
// that must not be done by two. The leader holds an advisory lock in a session of its own: when its
// process ends, however it ends, the lock is free at once, and one of those that wait takes over
// within a second. Where the session breaks while the process lives (the database was started
// anew), the lock is taken again; `lost` is called if another process has it then.
//
// Between the break and `lost` two processes may work for about a second, so what a leader does has
// to be safe against repetition; the lock spares double work, transactions keep it right.
//
// Since each has such a session anyway, it also carries what processes tell each other (Tell): a
// hint that wakes a sleeper, never the only way to know.
//
// Owned by App; Start and Stop once each.
class Leadership {
 public:
  // Called on the thread of this object, in turns, beginning with `gained`.
  struct Callbacks {
    std::function<void()> gained;
    std::function<void()> lost;
    // A process, which may be this one, told something. Empty: nothing is listened to.
    std::function<void(const std::string& text)> heard = {};
    // The session broke and is there again: what was told meanwhile is not known.
    std::function<void()> missed = {};
  };
  // `options`: those of the service's pool.
  Leadership(PoolOptions options, std::string name, Callbacks callbacks);
  ~Leadership() { Stop(); }

  void Start();
  // Calls nothing back any more and keeps the lock, so that work can be ended before another
  // begins.
  void Stop();
  // After Stop: lets another lead. So does the end of this object.
  void Release();

  // One look, by the thread once a second, and by tests.
  void Look();

  // Tells `text` (at most 7,000 bytes) to all who listen under `name`, when `tx` has committed.
  static absl::Status Tell(Tx& tx, const std::string& name, const std::string& text);

 private:
  void Run(const std::stop_token& stop);
  // Listens until the next look is due.
  void Rest(const std::stop_token& stop);
  // Holds the lock, or has just taken it; false: another has it. UNAVAILABLE without the database.
  absl::StatusOr<bool> Hold();
  absl::StatusOr<bool> TakeLock();

  const PoolOptions options_;
  const std::string name_;
  const Callbacks callbacks_;
  std::unique_ptr<Connection> session_;
  bool holds_ = false;  // `session_` has the lock
  bool leads_ = false;  // as told by the callbacks
  bool looked_ = false;
  bool listened_ = false;  // at some time
  const UniqueFd wake_;    // readable when the thread shall end
  std::jthread thread_;
};

}  // namespace slipway::db
