#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"
#include "libs/events/consumer_options.h"
#include "libs/events/cursor_row.h"
#include "libs/events/event.h"
#include "libs/events/event_source.h"

namespace slipway::events {

// Applies another service's events to this service's database: each batch in one transaction with
// the cursor, so that each event takes effect exactly once, in order. Among all processes with the
// same consumer and source one works, by a lease on the cursor's row with a fencing token; the
// others wait to take over.
//
// An event whose handler fails (by status or exception) is tried `max_tries` times with growing
// pauses, then kept in dead_events with the error, logged and counted, and the rest goes on.
// UNAVAILABLE, RESOURCE_EXHAUSTED, CANCELLED and a lost connection are not the event's fault: these
// are tried for ever.
//
// Owned by App; Start and Stop once each.
class ConsumerLoop {
 public:
  // Applies one event within `tx`. It sees each event at least once and its effects in `tx` last
  // exactly once, so it does nothing outside `tx` but Tx::OnCommit. A type that it doesn't know is
  // OK.
  using Handler = std::function<absl::Status(db::Tx& tx, const Event& event)>;

  // `pool`, `source` outlive the loop.
  ConsumerLoop(db::Pool& pool, EventSource& source, Handler handler, ConsumerOptions options);
  ~ConsumerLoop();
  ConsumerLoop(const ConsumerLoop&) = delete;
  ConsumerLoop& operator=(const ConsumerLoop&) = delete;

  void Start();
  // Ends after the transaction under way and gives up the lease.
  void Stop();

 private:
  // How the transaction of some events ended.
  struct Applied {
    absl::Status status;
    std::optional<size_t> failed;  // the event whose handler failed, where that is known
  };

  void Run(const std::stop_token& stop);
  // Works under one lease until it is lost or `stop`.
  void Work(CursorRow::Lease lease, const std::stop_token& stop);
  void RenewUntil(int64_t fence, const std::stop_token& stop, std::stop_source& work);

  // False: the connection has to be made anew, from the stored place.
  bool ApplyAll(int64_t fence, const std::vector<Event>& events, const std::stop_token& stop);
  Applied Apply(int64_t fence, const std::vector<Event>& events, size_t begin, size_t end);
  absl::Status Handle(db::Tx& tx, const Event& event);
  absl::Status Quarantine(int64_t fence, const Event& event, const absl::Status& error);

  db::Pool& pool_;
  EventSource& source_;
  const Handler handler_;
  const ConsumerOptions options_;
  CursorRow row_;
  std::jthread thread_;
};

}  // namespace slipway::events
