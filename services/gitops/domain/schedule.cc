#include "services/gitops/domain/schedule.h"

#include <algorithm>
#include <mutex>

#include "absl/time/clock.h"

namespace slipway::gitops {

void Schedule::SetDue(const AppEnvironment& where, Entry& entry, absl::Time due) {
  queue_.erase({entry.due, where});
  entry.due = due;
  if (due != absl::InfiniteFuture()) queue_.emplace(due, where);
}

void Schedule::Wake(const AppEnvironment& where) {
  {
    MutexLock lock(mu_);
    Entry& entry = entries_[where];
    // One that waits for a worker keeps its place, however often it is woken.
    const absl::Time now = absl::Now();
    SetDue(where, entry, entry.taken ? now : std::min(entry.due, now));
    entry.woken = entry.taken;
    ++version_;
  }
  changed_.notify_all();
}

void Schedule::Add(const AppEnvironment& where, absl::Duration in) {
  {
    MutexLock lock(mu_);
    Entry& entry = entries_[where];
    if (entry.taken || entry.due != absl::InfiniteFuture()) return;
    SetDue(where, entry, absl::Now() + in);
    ++version_;
  }
  changed_.notify_all();
}

std::optional<AppEnvironment> Schedule::Take(const std::stop_token& stop) {
  std::unique_lock lock(mu_);
  while (!stop.stop_requested()) {
    absl::Time first = absl::Now() + absl::Seconds(10);
    auto next = entries_.end();
    for (const auto& [due, where] : queue_) {
      if (due >= first) break;
      const auto entry = entries_.find(where);
      if (entry->second.taken) continue;
      first = due;
      next = entry;
    }
    const absl::Duration wait = first - absl::Now();
    if (next != entries_.end() && wait <= absl::ZeroDuration()) {
      next->second.taken = true;
      next->second.woken = false;
      return next->first;
    }
    const uint64_t seen = version_;
    changed_.wait_for(lock, stop, absl::ToChronoNanoseconds(wait) + std::chrono::microseconds(100),
                      [&] { return version_ != seen; });
  }
  return std::nullopt;
}

bool Schedule::TakeThis(const AppEnvironment& where, const std::stop_token& stop) {
  std::unique_lock lock(mu_);
  if (!changed_.wait(lock, stop, [&] { return !entries_[where].taken; })) return false;
  entries_[where].taken = true;
  return true;
}

void Schedule::GiveBack(const AppEnvironment& where, std::optional<absl::Duration> next) {
  {
    MutexLock lock(mu_);
    Entry& entry = entries_[where];
    entry.taken = false;
    if (!entry.woken) {
      SetDue(where, entry, next ? absl::Now() + *next : absl::InfiniteFuture());
    }
    entry.woken = false;
    ++version_;
  }
  changed_.notify_all();
}

}  // namespace slipway::gitops
