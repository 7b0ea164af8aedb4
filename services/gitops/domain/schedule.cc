#include "services/gitops/domain/schedule.h"

#include <algorithm>
#include <mutex>

#include "absl/time/clock.h"

namespace slipway::gitops {

void Schedule::Wake(const AppEnvironment& where) {
  {
    MutexLock lock(mu_);
    Entry& entry = entries_[where];
    entry.due = absl::Now();
    entry.woken = entry.taken;
    ++version_;
  }
  changed_.notify_all();
}

void Schedule::Add(const AppEnvironment& where, absl::Duration in) {
  {
    MutexLock lock(mu_);
    Entry& entry = entries_[where];
    entry.due = std::min(entry.due, absl::Now() + in);
    ++version_;
  }
  changed_.notify_all();
}

std::optional<AppEnvironment> Schedule::Take(const std::stop_token& stop) {
  std::unique_lock lock(mu_);
  while (!stop.stop_requested()) {
    absl::Time first = absl::Now() + absl::Seconds(10);
    std::map<AppEnvironment, Entry>::iterator next = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.taken || it->second.due >= first) continue;
      first = it->second.due;
      next = it;
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
    if (!entry.woken) entry.due = next ? absl::Now() + *next : absl::InfiniteFuture();
    entry.woken = false;
    ++version_;
  }
  changed_.notify_all();
}

}  // namespace slipway::gitops
