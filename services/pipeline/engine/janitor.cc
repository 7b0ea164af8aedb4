#include "services/pipeline/engine/janitor.h"

#include <chrono>

#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/pipeline/store/plan_store.h"

namespace slipway::pipeline {
namespace {

constexpr absl::Duration kKeepPlans = absl::Hours(24 * 30);
constexpr absl::Duration kKeepEvents = absl::Hours(24 * 30);
constexpr absl::Duration kKeepRecords = absl::Hours(24 * 365);
constexpr int kPortion = 1000;
constexpr auto kPause = std::chrono::minutes(10);
constexpr auto kShortPause = std::chrono::seconds(1);

}  // namespace

Janitor::Janitor(db::Pool& pool, Clock& clock, events::Outbox& outbox)
    : pool_(pool), clock_(clock), outbox_(outbox) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
}

bool Janitor::CleanOnce() {
  const absl::Time now = clock_.Now();
  const auto plans = db::RunTx(pool_, "plans.prune", absl::Seconds(10), [&](db::Tx& tx) {
    return store::PrunePlans(tx, now - kKeepPlans, kPortion);
  });
  const auto records = db::RunTx(pool_, "journal.prune", absl::Seconds(10), [&](db::Tx& tx) {
    return journal::Prune(tx, now - kKeepRecords, kPortion);
  });
  const auto events = outbox_.Prune(now - kKeepEvents, kPortion, absl::Now() + absl::Seconds(10));
  bool done = true;
  for (const auto& deleted : {plans, records, events}) {
    if (!deleted.ok()) log::Warn("janitor.failed", MessageOf(deleted.status()));
    done = done && (!deleted.ok() || *deleted < kPortion);
  }
  return done;
}

void Janitor::Loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool done = CleanOnce();
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, stop, done ? std::chrono::seconds(kPause) : kShortPause,
                   [] { return false; });
  }
}

}  // namespace slipway::pipeline
