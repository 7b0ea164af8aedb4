#include "services/gitops/target/kubernetes/sweeper.h"

#include <array>
#include <catch2/catch.hpp>

namespace slipway::gitops::kubernetes {
namespace {

TEST_CASE("sweeps of many apps are spread evenly over the interval") {
  std::array<int, 10> tenths = {};
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration offset =
        SweepOffset({"shop", "app-" + std::to_string(i), "dev"}, absl::Seconds(100));
    REQUIRE(offset >= absl::ZeroDuration());
    REQUIRE(offset < absl::Seconds(100));
    ++tenths.at(absl::ToInt64Seconds(offset) / 10);
  }
  for (const int count : tenths) {
    CHECK(count > 60);
    CHECK(count < 140);
  }
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
