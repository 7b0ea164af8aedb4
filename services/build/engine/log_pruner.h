#pragma once

#include "absl/status/statusor.h"
#include "libs/telemetry/metrics.h"
#include "services/build/engine/core.h"

namespace slipway::build {

// Takes old logs out of the archive, by the limits of the engine: those that are too old, and the
// oldest of those that are too much. Called by the janitor. Thread-safe.
class LogPruner {
 public:
  LogPruner(Core& core, telemetry::Metrics& metrics) : core_(core), metrics_(metrics) {}

  // At most `limit` logs; how many.
  absl::StatusOr<int64_t> Prune(absl::Time now, int limit);

 private:
  Core& core_;
  telemetry::Metrics& metrics_;
};

}  // namespace slipway::build
