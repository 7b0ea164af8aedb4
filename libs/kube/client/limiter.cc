#include "libs/kube/client/limiter.h"

#include <algorithm>
#include <cmath>

namespace slipway::kube {
namespace {

constexpr double kOnThrottle = 0.5;
constexpr double kOnFailure = 0.7;
constexpr double kOnSlow = 0.9;
constexpr double kSmoothing = 0.1;
// In this time the best latency is forgotten by a factor of e.
constexpr absl::Duration kForget = absl::Minutes(10);
constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Seconds(30);

}  // namespace

Limiter::Limiter() : Limiter(Options{}) {}

Limiter::Limiter(Options options) : options_(options), limit_(options.initial) {}

Limiter::Line& Limiter::LineOf(std::string_view owner) {
  std::string key(owner);
  const auto found = index_.find(key);
  if (found != index_.end()) return *found->second;
  lines_.push_back(Line{.owner = key, .items = {}});
  index_.emplace(std::move(key), std::prev(lines_.end()));
  return lines_.back();
}

void Limiter::Enqueue(std::string_view owner, Ticket ticket, int cost) {
  LineOf(owner).items.push_back({ticket, std::max(cost, 1)});
  ++waiting_;
}

void Limiter::Requeue(std::string_view owner, Ticket ticket, int cost) {
  LineOf(owner).items.push_front({ticket, std::max(cost, 1)});
  ++waiting_;
}

bool Limiter::Remove(std::string_view owner, Ticket ticket) {
  const auto found = index_.find(std::string(owner));
  if (found == index_.end()) return false;
  std::deque<Item>& items = found->second->items;
  const auto item = std::find_if(items.begin(), items.end(),
                                 [ticket](const Item& i) { return i.ticket == ticket; });
  if (item == items.end()) return false;
  items.erase(item);
  --waiting_;
  if (items.empty()) {
    lines_.erase(found->second);
    index_.erase(found);
  }
  return true;
}

void Limiter::DropFront() {
  index_.erase(lines_.front().owner);
  lines_.pop_front();
}

std::optional<Limiter::Ticket> Limiter::Next(absl::Time now) {
  if (waiting_ == 0 || now < blocked_until_) return std::nullopt;
  if (in_flight_ >= limit()) {
    was_full_ = true;
    return std::nullopt;
  }
  while (true) {
    Line& line = lines_.front();
    if (!line.on_turn) {
      line.on_turn = true;
      line.deficit += options_.quantum;
    }
    const Item item = line.items.front();
    if (item.cost <= line.deficit) {
      line.deficit -= item.cost;
      line.items.pop_front();
      --waiting_;
      ++in_flight_;
      if (line.items.empty()) DropFront();
      return item.ticket;
    }
    line.on_turn = false;
    lines_.splice(lines_.end(), lines_, lines_.begin());
  }
}

void Limiter::Done(Result result, absl::Time started, absl::Time now, absl::Duration retry_after) {
  --in_flight_;
  switch (result) {
    case Result::kAbandoned:
      return;
    case Result::kThrottled: {
      Shrink(kOnThrottle, started, now);
      // The answer is about the flow of this request, and others may pass: wait shortly at first,
      // and as long as the server asks only when it keeps saying so.
      const absl::Duration longest = retry_after > absl::ZeroDuration()
                                         ? std::min(retry_after, kLongestPause)
                                         : absl::Seconds(1);
      const absl::Duration pause = kFirstPause * std::pow(2, std::min(throttled_in_a_row_, 12));
      ++throttled_in_a_row_;
      blocked_until_ = std::max(blocked_until_, now + std::min(pause, longest));
      return;
    }
    case Result::kFailed:
      Shrink(kOnFailure, started, now);
      return;
    case Result::kAnswered:
      throttled_in_a_row_ = 0;
      Learn(now - started, now);
      if (smooth_seconds_ > options_.slow_factor * best_seconds_ &&
          smooth_seconds_ > absl::ToDoubleSeconds(options_.slow_floor)) {
        Shrink(kOnSlow, started, now);
      } else {
        Grow();
      }
  }
}

void Limiter::Shrink(double factor, absl::Time started, absl::Time now) {
  // Requests that were sent before the last cut tell nothing about the smaller window.
  if (started < shrunk_at_) return;
  limit_ = std::max<double>(options_.min, limit_ * factor);
  shrunk_at_ = now;
  was_full_ = false;
}

void Limiter::Grow() {
  if (in_flight_ + 1 < limit() && !was_full_) return;  // more would not be used
  limit_ = std::min<double>(options_.max, limit_ + 1.0 / limit_);
  if (waiting_ == 0) was_full_ = false;
}

void Limiter::Learn(absl::Duration latency, absl::Time now) {
  const double seconds = std::max(absl::ToDoubleSeconds(latency), 1e-6);
  if (best_seconds_ == 0) {
    best_seconds_ = seconds;
  } else {
    const double drift = std::exp(absl::FDivDuration(now - learned_at_, kForget));
    best_seconds_ = std::min(best_seconds_ * drift, seconds);
  }
  learned_at_ = now;
  smooth_seconds_ =
      smooth_seconds_ == 0 ? seconds : smooth_seconds_ + kSmoothing * (seconds - smooth_seconds_);
}

}  // namespace slipway::kube
