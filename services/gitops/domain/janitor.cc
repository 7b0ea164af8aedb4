#include "services/gitops/domain/janitor.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kKeepEvents = absl::Hours(24 * 30);
constexpr absl::Duration kKeepRecords = absl::Hours(24 * 365);
constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr int kPortion = 1000;

}  // namespace

absl::Duration Janitor::Pass() {
  const absl::Time now = clock_.Now();
  const auto records = db::RunTx(pool_, "journal.prune", kTxTime, [&](db::Tx& tx) {
    return journal::Prune(tx, now - kKeepRecords, kPortion);
  });
  const auto events = outbox_.Prune(now - kKeepEvents, kPortion, absl::Now() + kTxTime);
  bool more = false;
  for (const auto& deleted : {records, events}) {
    if (!deleted.ok()) {
      log::Warn("janitor.failed", "is tried again", {{"error", MessageOf(deleted.status())}});
    } else {
      more = more || *deleted == kPortion;
    }
  }
  return more ? absl::Seconds(1) : absl::Minutes(10);
}

}  // namespace slipway::gitops
