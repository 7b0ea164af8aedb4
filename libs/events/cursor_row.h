#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"
#include "libs/events/consumer_options.h"
#include "libs/events/event.h"

namespace slipway::events {

// The row of one consumer in event_cursors: its place in the stream, and the lease on it. Each
// lease has a new fencing token; a write with an older one is refused with IsLeaseLost(). Without
// state of its own; thread-safe.
class CursorRow {
 public:
  CursorRow(db::Pool& pool, ConsumerOptions options) : pool_(pool), options_(std::move(options)) {}

  struct Lease {
    int64_t fence = 0;
    Cursor cursor = {};
  };
  // The lease, if it is free, has run out, or is this holder's own; empty while another has it.
  absl::StatusOr<std::optional<Lease>> Take();
  absl::Status Renew(int64_t fence);
  // Lets others take it at once. Best effort: it runs out anyway.
  void GiveUp(int64_t fence);

  absl::StatusOr<Cursor> Read(int64_t fence);
  // Within a transaction: locks the row, checks the token, returns the place; and moves the place.
  absl::StatusOr<Cursor> Lock(db::Tx& tx, int64_t fence);
  absl::Status Move(db::Tx& tx, Cursor to);
  // Keeps an event that can't be applied.
  absl::Status Bury(db::Tx& tx, const Event& event, const absl::Status& error, int tries);

 private:
  db::Pool& pool_;
  const ConsumerOptions options_;
};

bool IsLeaseLost(const absl::Status& status);

}  // namespace slipway::events
