#include "services/gitops/domain/schedule.h"

#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"

namespace slipway::gitops {
namespace {

const AppEnvironment kDev = {"demo", "hello", "dev"};
const AppEnvironment kProd = {"demo", "hello", "prod"};

TEST_CASE("a wake reaches a worker that waits") {
  Schedule schedule;
  std::jthread waker([&] { schedule.Wake(kDev); });
  const absl::Time start = absl::Now();
  CHECK(schedule.Take({}) == kDev);
  CHECK(absl::Now() - start < absl::Seconds(2));
}

TEST_CASE("who is taken is not taken twice, and a wake meanwhile counts afterwards") {
  Schedule schedule;
  schedule.Wake(kDev);
  REQUIRE(schedule.Take({}) == kDev);
  schedule.Wake(kDev);
  schedule.Wake(kProd);
  CHECK(schedule.Take({}) == kProd);
  schedule.GiveBack(kProd, std::nullopt);
  schedule.GiveBack(kDev, absl::Hours(1));
  CHECK(schedule.Take({}) == kDev);
}

TEST_CASE("the earliest comes first, and nothing comes that was given back for good") {
  Schedule schedule;
  schedule.Add(kProd, absl::Milliseconds(30));
  schedule.Add(kDev, absl::Milliseconds(1));
  CHECK(schedule.Take({}) == kDev);
  schedule.GiveBack(kDev, std::nullopt);
  CHECK(schedule.Take({}) == kProd);
  schedule.GiveBack(kProd, std::nullopt);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  CHECK_FALSE(schedule.Take(stop.get_token()).has_value());
}

TEST_CASE("what is known to be looked at later is not hastened by being added again") {
  Schedule schedule;
  schedule.Wake(kDev);
  REQUIRE(schedule.Take({}) == kDev);
  schedule.Add(kDev, absl::ZeroDuration());
  schedule.GiveBack(kDev, absl::Hours(1));
  schedule.Add(kDev, absl::ZeroDuration());
  schedule.Wake(kProd);
  CHECK(schedule.Take({}) == kProd);
}

TEST_CASE("what was given back for good comes again when it is added") {
  Schedule schedule;
  schedule.Wake(kDev);
  REQUIRE(schedule.Take({}) == kDev);
  schedule.GiveBack(kDev, std::nullopt);
  schedule.Add(kDev, absl::Milliseconds(1));
  CHECK(schedule.Take({}) == kDev);
}

TEST_CASE("one that waits keeps its place however often it is woken") {
  Schedule schedule;
  schedule.Wake(kProd);
  schedule.Wake(kDev);
  schedule.Wake(kProd);
  CHECK(schedule.Take({}) == kProd);
  CHECK(schedule.Take({}) == kDev);
}

TEST_CASE("one that is taken can be waited for") {
  Schedule schedule;
  schedule.Wake(kDev);
  REQUIRE(schedule.Take({}) == kDev);
  std::jthread worker([&] { schedule.GiveBack(kDev, absl::Hours(1)); });
  CHECK(schedule.TakeThis(kDev, {}));
}

}  // namespace
}  // namespace slipway::gitops
