#include "libs/service/janitor.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"

namespace slipway::service {
namespace {

constexpr absl::Duration kKeepEvents = absl::Hours(24 * 30);
constexpr absl::Duration kKeepRecords = absl::Hours(24 * 365);
constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr int kPortion = 1000;

}  // namespace

Janitor::Janitor(db::Pool& pool, Clock& clock, events::Outbox& outbox, Prune more)
    : pool_(pool),
      clock_(clock),
      outbox_(outbox),
      more_(std::move(more)),
      loop_([this](const std::stop_token&) { return Pass(); }) {}

absl::Duration Janitor::Pass() {
  const absl::Time now = clock_.Now();
  std::vector<absl::StatusOr<int64_t>> deleted;
  deleted.push_back(db::RunTx(pool_, "journal.prune", kTxTime, [&](db::Tx& tx) {
    return journal::Prune(tx, now - kKeepRecords, kPortion);
  }));
  deleted.push_back(outbox_.Prune(now - kKeepEvents, kPortion, absl::Now() + kTxTime));
  if (more_) deleted.push_back(more_(now, kPortion));
  bool full = false;
  for (const auto& count : deleted) {
    if (!count.ok()) {
      log::Warn("janitor.failed", "is tried again", {{"error", MessageOf(count.status())}});
    } else {
      full = full || *count == kPortion;
    }
  }
  return full ? absl::Seconds(1) : absl::Minutes(10);
}

}  // namespace slipway::service
