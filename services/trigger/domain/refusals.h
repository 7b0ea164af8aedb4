#pragma once

#include <map>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "libs/telemetry/metrics.h"

namespace slipway::trigger {

// Counts webhooks that were refused, by hook and reason, in memory: strangers can cause any number
// of them, so at most one record a second is written, with a sample. Unknown hooks share one count.
// Owned by App; thread-safe.
class Refusals {
 public:
  Refusals(db::Pool& pool, Clock& clock, telemetry::Metrics& metrics)
      : pool_(pool), clock_(clock), metrics_(metrics) {}

  // `hook` is empty for one that does not exist. `sample` goes into the record: the sender's
  // address, never the body.
  void Count(const std::string& hook, const std::string& reason, const std::string& sample);
  // Since the start, by reason.
  std::map<std::string, int64_t> Of(const std::string& hook);

 private:
  db::Pool& pool_;
  Clock& clock_;
  telemetry::Metrics& metrics_;
  Mutex mu_;
  std::map<std::string, std::map<std::string, int64_t>> counts_ SLIPWAY_GUARDED_BY(mu_);
  absl::Time last_record_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace slipway::trigger
