#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace slipway::events {

// A place in a service's event stream, ordered by (xid, seq): the id of the transaction that wrote
// the event, then its number. The zero cursor is before the first event.
struct Cursor {
  uint64_t xid = 0;
  int64_t seq = 0;
  auto operator<=>(const Cursor&) const = default;
};

// One fact that a service tells the services above it. A value.
struct Event {
  Cursor cursor = {};                   // given by the outbox
  std::string type = {};                // stable dotted name: "run.finished"
  std::string subject = {};             // resource name that it is about
  std::string payload = {};             // the message that belongs to the type, serialised
  std::string trace_id = {};            // W3C; empty on Append: that of the thread's log context
  absl::Time time = absl::UnixEpoch();  // when it was written; given by the outbox
};

}  // namespace slipway::events
