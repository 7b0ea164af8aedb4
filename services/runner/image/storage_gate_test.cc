#include "services/runner/image/storage_gate.h"

#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

namespace slipway::runner {

TEST_CASE("Builds share the storage and a cleaning has it alone") {
  StorageGate gate;
  {
    const auto one = gate.Enter({});
    const auto two = gate.Enter({});
    CHECK(one.valid());
    CHECK(two.valid());
    CHECK_FALSE(gate.EnterAlone(absl::ZeroDuration(), {}).valid());
    CHECK_FALSE(gate.Closed());
  }
  const auto cleaning = gate.EnterAlone(absl::ZeroDuration(), {});
  CHECK(cleaning.valid());
  CHECK(gate.Closed());
  CHECK_FALSE(gate.EnterAlone(absl::ZeroDuration(), {}).valid());
}

TEST_CASE("A cleaning that waits comes before the builds that come after it") {
  StorageGate gate;
  auto running = gate.Enter({});
  std::atomic<bool> cleaned = false;
  std::jthread cleaner([&] {
    const auto alone = gate.EnterAlone(absl::Seconds(20), {});
    cleaned = alone.valid();
  });
  while (!gate.Closed()) ::sched_yield();
  std::atomic<bool> after = false;
  std::jthread next([&] {
    const auto pass = gate.Enter({});
    after = pass.valid() && cleaned;
  });
  running = {};
  cleaner.join();
  next.join();
  CHECK(cleaned);
  CHECK(after);
}

TEST_CASE("A stop request ends the waiting of builds and cleanings") {
  StorageGate gate;
  std::stop_source stop;
  stop.request_stop();
  const auto running = gate.Enter({});
  CHECK_FALSE(gate.EnterAlone(absl::Seconds(20), stop.get_token()).valid());
  StorageGate closed;
  const auto alone = closed.EnterAlone(absl::ZeroDuration(), {});
  CHECK_FALSE(closed.Enter(stop.get_token()).valid());
}

}  // namespace slipway::runner
