#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/time/time.h"

namespace slipway::kube {

// How many requests to one cluster may be in flight, and whose turn it is. The number adapts as TCP
// does: one more each time a whole window was answered in good time, half of it on 429, less on
// failures and when answers get slow. Between owners (apps) turns go by deficit round robin, so an
// owner with 5,000 objects can't starve one with a single object. Pure: no clock, no lock, no I/O.
// Owned by one Dispatcher; not thread-safe.
class Limiter {
 public:
  struct Options {
    int min = 4;
    int max = 64;
    int initial = 16;
    // A smoothed latency above `slow_factor` times the best one seen, and above `slow_floor`, means
    // that the server is behind.
    double slow_factor = 6;
    absl::Duration slow_floor = absl::Milliseconds(100);
    // Work that an owner may start per turn, in the unit of `cost`.
    int quantum = 4;
  };
  using Ticket = uint64_t;

  Limiter();
  explicit Limiter(Options options);

  // Puts a request in its owner's line. Costs weigh work: 1 for a small request.
  void Enqueue(std::string_view owner, Ticket ticket, int cost = 1);
  // As Enqueue, but ahead of the owner's others: for a request that comes back after 429.
  void Requeue(std::string_view owner, Ticket ticket, int cost = 1);
  // Takes a waiting ticket out of its line. False if it does not wait.
  bool Remove(std::string_view owner, Ticket ticket);

  // The next ticket that may start at `now`, which counts as in flight from then on. Empty when
  // nobody waits, the window is full, or the cluster is to be left alone until blocked_until().
  std::optional<Ticket> Next(absl::Time now);

  enum class Result {
    kAnswered,   // any answer that says nothing about the load
    kThrottled,  // 429
    kFailed,     // 5xx, time-out, no connection
    kAbandoned,  // cancelled by the caller: no evidence
  };
  // A request that Next gave out at `started` has ended. `retry_after` is what a 429 asked for.
  void Done(Result result, absl::Time started, absl::Time now,
            absl::Duration retry_after = absl::ZeroDuration());

  int limit() const { return static_cast<int>(limit_); }
  int in_flight() const { return in_flight_; }
  size_t waiting() const { return waiting_; }
  // InfinitePast when nothing is held back.
  absl::Time blocked_until() const { return blocked_until_; }

 private:
  struct Item {
    Ticket ticket;
    int cost;
  };
  struct Line {
    std::string owner;
    std::deque<Item> items;
    int deficit = 0;
    bool on_turn = false;  // has its quantum for this turn
  };
  using Lines = std::list<Line>;

  Line& LineOf(std::string_view owner);
  void DropFront();
  void Shrink(double factor, absl::Time started, absl::Time now);
  void Grow();
  void Learn(absl::Duration latency, absl::Time now);

  const Options options_;
  Lines lines_;  // owners that wait; the front one has the turn
  std::unordered_map<std::string, Lines::iterator> index_;
  size_t waiting_ = 0;
  int in_flight_ = 0;
  double limit_;
  absl::Time shrunk_at_ = absl::InfinitePast();
  absl::Time blocked_until_ = absl::InfinitePast();
  int throttled_in_a_row_ = 0;
  double best_seconds_ = 0;  // 0: none yet; drifts up slowly, so that it can be learned again
  absl::Time learned_at_ = absl::InfinitePast();
  double smooth_seconds_ = 0;  // exponentially weighted
  bool was_full_ = false;      // the window was used up since the last growth
};

}  // namespace slipway::kube
