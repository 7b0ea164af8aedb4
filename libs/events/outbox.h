#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/db/migrate.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"
#include "libs/events/event.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::events {

// The tables of both sides (events, event_readers, event_cursors, dead_events), for db::Migrate.
db::MigrationSet Migrations();

// The producer's side: events are appended in the transaction of the state change, and read in an
// order that no late commit can disturb. A sequence number is taken before its commit, so a later
// number may become visible first; rows are therefore read only below the oldest transaction that
// still runs, in the order (xid, seq).
//
// Owned by App; thread-safe. A thread wakes the watchers after commits of this process, and polls
// for the rest: quickly while rows wait for an older transaction, else each second (commits of
// other replicas).
class Outbox {
 public:
  // `metrics`, if there are any, outlive it: slipway_events_unread_seconds{reader}, the age of the
  // oldest event that a reader had not applied when it last connected, and
  // slipway_events_unread_deleted_total; both are written by Prune.
  explicit Outbox(db::Pool& pool, telemetry::Metrics* metrics = nullptr);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Starts and ends the polling thread; watchers are woken by commits without it, too.
  void Start();
  void Stop();

  // Appends within `tx` (type, subject, payload, trace_id are read) and wakes the watchers when it
  // has committed.
  absl::Status Append(db::Tx& tx, const Event& event);

  // The next events after a place, at most `limit`; none: wait for the watcher's call.
  absl::StatusOr<std::vector<Event>> ReadAfter(Cursor after, int limit, absl::Time deadline);

  // `wake` is called, possibly without need, when there may be new events, until Unwatch(id) and
  // once at most after it. It must not block and may be called from any thread.
  int64_t Watch(std::function<void()> wake);
  void Unwatch(int64_t id);

  // Notes how far a reader had durably come when it connected, so that Prune spares what it has
  // not. INVALID_ARGUMENT for a name that is too long.
  absl::Status NoteReader(std::string_view reader, Cursor applied, absl::Time deadline);

  // How much longer than others an event is kept that a noted reader has not passed.
  static constexpr absl::Duration kKeptForReader = absl::Hours(24 * 60);

  // Deletes at most `limit` events that are older than `before` and that all noted readers have
  // passed, or that have waited for one beyond kKeptForReader, which is logged as an error with the
  // readers' names; returns how many.
  absl::StatusOr<int64_t> Prune(absl::Time before, int limit, absl::Time deadline);

 private:
  absl::Status ShowReaders(db::Tx& tx, int64_t unread_deleted);
  void Poll(const std::stop_token& stop);
  void WakeAll();

  db::Pool& pool_;
  telemetry::Metrics* const metrics_;
  Mutex mu_;
  std::condition_variable_any changed_;
  std::map<int64_t, std::function<void()>> watchers_ SLIPWAY_GUARDED_BY(mu_);
  int64_t next_watcher_ SLIPWAY_GUARDED_BY(mu_) = 1;
  bool pending_ SLIPWAY_GUARDED_BY(mu_) = false;  // committed rows wait for an older transaction
  std::jthread thread_;
};

}  // namespace slipway::events
