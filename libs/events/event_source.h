#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "libs/events/event.h"

namespace slipway::events {

// Where a ConsumerLoop gets another service's events from: WatchEvents over gRPC in production, an
// outbox in tests.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Calls `on_batch` with the events after `after`, in order, as they come, one call at a time.
  // Returns when `on_batch` returns false, soon after `stop` is requested, or when the connection
  // ends (any status; the loop reconnects). Does not return merely because there is nothing new.
  virtual absl::Status Watch(Cursor after, const std::function<bool(std::vector<Event>)>& on_batch,
                             std::stop_token stop) = 0;
};

}  // namespace slipway::events
