#include "services/build/engine/janitor.h"

#include <chrono>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kKeepEvents = absl::Hours(24 * 30);
constexpr absl::Duration kKeepRecords = absl::Hours(24 * 365);
constexpr absl::Duration kDatabaseTime = absl::Seconds(10);
constexpr int kPortion = 1000;
constexpr std::chrono::seconds kPause = std::chrono::minutes(10);
constexpr std::chrono::seconds kShortPause(1);

}  // namespace

Janitor::~Janitor() { Stop(); }

void Janitor::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
}

void Janitor::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool Janitor::CleanOnce() {
  const absl::Time now = core_.clock.Now();
  const auto records = db::RunTx(core_.pool, "janitor.records", kDatabaseTime, [&](db::Tx& tx) {
    return journal::Prune(tx, now - kKeepRecords, kPortion);
  });
  const auto events = core_.outbox.Prune(now - kKeepEvents, kPortion, absl::Now() + kDatabaseTime);
  bool done = true;
  for (const auto& deleted : {records, events}) {
    if (!deleted.ok()) log::Warn("janitor.failed", MessageOf(deleted.status()));
    done = done && (!deleted.ok() || *deleted < kPortion);
  }
  return done;
}

void Janitor::Loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool done = CleanOnce();
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, stop, done ? kPause : kShortPause, [] { return false; });
  }
}

}  // namespace slipway::build
