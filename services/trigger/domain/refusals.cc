#include "services/trigger/domain/refusals.h"

#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"

namespace slipway::trigger {

void Refusals::Count(const std::string& hook, const std::string& reason,
                     const std::string& sample) {
  metrics_.Count("slipway_webhooks_refused_total", "Webhooks that were refused, by reason.",
                 {{"reason", reason}});
  int64_t total = 0;
  {
    MutexLock lock(mu_);
    total = ++counts_[hook][reason];
    const absl::Time now = clock_.Now();
    if (now - last_record_ < absl::Seconds(1)) return;
    last_record_ = now;
  }
  const absl::Status status =
      db::RunTx(pool_, "refusals.record", absl::Seconds(2), [&](db::Tx& tx) {
        return journal::Append(
            tx, {.subject = hook.empty() ? "hooks/-" : "hooks/" + hook,
                 .kind = "delivery",
                 .event = "delivery.refused",
                 .verdict = journal::Verdict::kRefused,
                 .rule = reason,
                 .message = "a webhook was refused: " + reason,
                 .values = {{"address", sample}, {"since_start", std::to_string(total)}}});
      });
  if (!status.ok()) log::Warn("refusals.not_recorded", MessageOf(status), {{"reason", reason}});
}

std::map<std::string, int64_t> Refusals::Of(const std::string& hook) {
  MutexLock lock(mu_);
  const auto found = counts_.find(hook);
  return found == counts_.end() ? std::map<std::string, int64_t>() : found->second;
}

}  // namespace slipway::trigger
