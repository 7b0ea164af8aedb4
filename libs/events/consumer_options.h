#pragma once

#include <string>

#include "absl/time/time.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::events {

// What a ConsumerLoop is told. A value.
struct ConsumerOptions {
  std::string consumer = {};  // what the events are applied to: "trigger.statuses"
  std::string source = {};    // the service that they come from: "build"
  std::string holder =
      {};  // this process; stable over restarts, so that it takes back its own lease at once
  absl::Duration lease = absl::Seconds(9);  // renewed each third of it
  int max_tries = 5;                        // for one event, then it is quarantined in dead_events
  absl::Duration max_pause =
      absl::Seconds(2);  // between tries and reconnects; the first retry is immediate
  absl::Duration apply_timeout = absl::Seconds(30);  // for the transaction of one batch
  telemetry::Metrics* metrics = nullptr;             // outlives the loop
};

}  // namespace slipway::events
