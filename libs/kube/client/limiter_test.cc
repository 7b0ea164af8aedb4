#include "libs/kube/client/limiter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <queue>
#include <random>

namespace slipway::kube {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

// A server that works on `capacity` requests at once, `service` each; with `shed`, what comes
// beyond is answered 429 at once, else it waits.
struct Simulation {
  int capacity = 16;
  absl::Duration service = absl::Milliseconds(10);
  bool shed = false;
  int backlog = 100'000;  // work that always waits

  struct Event {
    absl::Time at;
    absl::Time started;
    uint64_t ticket;
    bool throttled;
    bool operator<(const Event& other) const { return at > other.at; }
  };

  int done = 0;
  int throttled = 0;

  void Run(Limiter& limiter, absl::Duration length) {
    absl::Time now = kStart;
    std::priority_queue<Event> events;
    std::priority_queue<absl::Time, std::vector<absl::Time>, std::greater<>> workers;
    for (int i = 0; i < backlog; ++i) limiter.Enqueue("app", next++);
    while (now < kStart + length) {
      while (const auto ticket = limiter.Next(now)) {
        while (!workers.empty() && workers.top() <= now) workers.pop();
        const bool full = static_cast<int>(workers.size()) >= capacity;
        if (full && shed) {
          events.push({now + absl::Milliseconds(1), now, *ticket, true});
          continue;
        }
        absl::Time begin = now;
        if (full) {
          begin = workers.top();
          workers.pop();
        }
        workers.push(begin + service);
        events.push({begin + service, now, *ticket, false});
      }
      absl::Time wake = limiter.blocked_until() > now ? limiter.blocked_until() : kStart + length;
      if (!events.empty()) wake = std::min(wake, events.top().at);
      now = wake;
      while (!events.empty() && events.top().at <= now) {
        const Event event = events.top();
        events.pop();
        limiter.Done(event.throttled ? Limiter::Result::kThrottled : Limiter::Result::kAnswered,
                     event.started, now, event.throttled ? absl::Seconds(1) : absl::ZeroDuration());
        if (event.throttled) {
          ++throttled;
          limiter.Requeue("app", event.ticket);
        } else {
          ++done;
        }
      }
    }
  }

  uint64_t next = 1;
};

}  // namespace

TEST_CASE("a fast server gets the whole window") {
  Limiter limiter;
  Simulation server{.capacity = 1000, .service = absl::Milliseconds(5)};
  server.Run(limiter, absl::Seconds(5));
  CHECK(limiter.limit() == 64);
  CHECK(server.done > 30'000);
}

TEST_CASE("a server that sheds load is used to nine tenths of what it admits") {
  Limiter limiter;
  Simulation server{.capacity = 20, .service = absl::Milliseconds(10), .shed = true};
  server.Run(limiter, absl::Seconds(20));
  const double admitted = 20 * 100 * 20.0;  // capacity * per second * seconds
  CAPTURE(server.done, server.throttled, limiter.limit());
  // A saw-tooth between half and all of the capacity gives three quarters by itself; the pauses
  // must not take more.
  CHECK(server.done > 0.7 * admitted);
  CHECK(server.throttled < server.done / 20);
}

TEST_CASE("a server that queues without end is not flooded") {
  Limiter limiter;
  Simulation server{.capacity = 4, .service = absl::Milliseconds(40)};
  server.Run(limiter, absl::Seconds(20));
  CAPTURE(server.done, limiter.limit());
  CHECK(limiter.limit() < 60);
  CHECK(server.done > 0.9 * 4 * 25 * 20);
}

TEST_CASE("failures shrink the window once per round trip, and never below its minimum") {
  Limiter limiter({.initial = 64});
  for (uint64_t i = 0; i < 64; ++i) limiter.Enqueue("app", i);
  while (limiter.Next(kStart)) continue;
  CHECK(limiter.in_flight() == 64);
  for (int i = 0; i < 64; ++i) {
    limiter.Done(Limiter::Result::kFailed, kStart, kStart + absl::Milliseconds(5 + i));
  }
  CHECK(limiter.limit() == 44);
  absl::Time now = kStart + absl::Seconds(1);
  for (int i = 0; i < 100; ++i) {
    limiter.Enqueue("app", 1000 + i);
    REQUIRE(limiter.Next(now));
    limiter.Done(Limiter::Result::kFailed, now, now + absl::Milliseconds(1));
    now += absl::Milliseconds(2);
  }
  CHECK(limiter.limit() == 4);
}

TEST_CASE("after 429 the cluster is left alone, longer each time, at most as long as asked") {
  Limiter limiter;
  absl::Time now = kStart;
  absl::Duration last = absl::ZeroDuration();
  for (uint64_t i = 0; i < 12; ++i) {
    limiter.Enqueue("app", i);
    REQUIRE(limiter.Next(now));
    limiter.Done(Limiter::Result::kThrottled, now, now, absl::Seconds(2));
    limiter.Enqueue("app", 100 + i);
    CHECK(!limiter.Next(now));
    limiter.Remove("app", 100 + i);
    const absl::Duration pause = limiter.blocked_until() - now;
    CHECK(pause >= last);
    CHECK(pause <= absl::Seconds(2));
    last = pause;
    now = limiter.blocked_until();
  }
  CHECK(last == absl::Seconds(2));
}

TEST_CASE("an owner with thousands of requests does not hold up one with a few") {
  Limiter limiter({.min = 1, .max = 1, .initial = 1});
  for (uint64_t i = 0; i < 5000; ++i) limiter.Enqueue("big", i);
  for (uint64_t i = 0; i < 5; ++i) limiter.Enqueue("small", 10'000 + i);
  int turns = 0, small = 0;
  while (small < 5) {
    const auto ticket = limiter.Next(kStart);
    REQUIRE(ticket);
    if (*ticket >= 10'000) ++small;
    ++turns;
    limiter.Done(Limiter::Result::kAnswered, kStart, kStart + absl::Milliseconds(1));
  }
  CHECK(turns <= 20);
}

TEST_CASE("turns are shared by cost, not by count") {
  Limiter limiter({.min = 1, .max = 1, .initial = 1, .quantum = 4});
  for (uint64_t i = 0; i < 1000; ++i) {
    limiter.Enqueue("heavy", i, 8);
    limiter.Enqueue("light", 10'000 + i, 1);
  }
  std::map<bool, int> cost;
  for (int i = 0; i < 900; ++i) {
    const auto ticket = limiter.Next(kStart);
    REQUIRE(ticket);
    cost[*ticket >= 10'000] += *ticket >= 10'000 ? 1 : 8;
    limiter.Done(Limiter::Result::kAnswered, kStart, kStart + absl::Milliseconds(1));
  }
  CHECK(std::abs(cost[true] - cost[false]) < 40);
}

TEST_CASE("within an owner the order is kept, and a repeated request goes first") {
  Limiter limiter;
  limiter.Enqueue("app", 1);
  limiter.Enqueue("app", 2);
  limiter.Requeue("app", 9);
  CHECK(limiter.Next(kStart) == 9u);
  CHECK(limiter.Next(kStart) == 1u);
  CHECK(limiter.Next(kStart) == 2u);
  CHECK(!limiter.Next(kStart));
}

TEST_CASE("what was taken out never starts") {
  Limiter limiter;
  limiter.Enqueue("a", 1);
  limiter.Enqueue("a", 2);
  limiter.Enqueue("b", 3);
  CHECK(limiter.Remove("a", 1));
  CHECK(!limiter.Remove("a", 1));
  CHECK(!limiter.Remove("c", 1));
  CHECK(limiter.Remove("b", 3));
  CHECK(limiter.waiting() == 1);
  CHECK(limiter.Next(kStart) == 2u);
  CHECK(!limiter.Next(kStart));
}

}  // namespace slipway::kube
