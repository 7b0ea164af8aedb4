#include "services/gitops/sync/retry.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST_CASE("Waits grow up to the longest") {
  RetryState state;
  const int kSeconds[] = {5, 10, 20, 40, 80, 160, 180, 180};
  for (const int seconds : kSeconds) {
    state = AfterFailure(state, "a", {}, kNow, 0);
    CHECK(state.next - kNow == absl::Seconds(seconds));
  }
  state.failures = 1'000'000;
  CHECK(AfterFailure(state, "a", {}, kNow, 0).next - kNow == absl::Minutes(3));
}

TEST_CASE("A newer revision waits for nothing and begins anew") {
  RetryState state;
  for (int i = 0; i < 5; ++i) state = AfterFailure(state, "a", {}, kNow, 0);
  CHECK_FALSE(MayTry(state, "a", kNow));
  CHECK(MayTry(state, "a", kNow + absl::Minutes(2)));
  CHECK(MayTry(state, "b", kNow));
  state = AfterFailure(state, "b", {}, kNow, 0);
  CHECK(state.failures == 1);
  CHECK(state.next - kNow == absl::Seconds(5));
  CHECK(RetryText(state, "b", kNow) == "try 2 at 2027-01-15T08:00:05.000Z");
  CHECK(RetryText(state, "c", kNow).empty());
  CHECK(MayTry({}, "a", kNow));
}

TEST_CASE("What is given up waits for another revision") {
  const RetryState state{.revision = "a", .failures = 2, .next = absl::InfiniteFuture()};
  CHECK_FALSE(MayTry(state, "a", kNow + absl::Hours(9999)));
  CHECK(RetryText(state, "a", kNow) == "given up after 2 tries");
  CHECK(MayTry(state, "b", kNow));
}

TEST_CASE("Chance shortens a wait, the server's word lengthens it") {
  CHECK(AfterFailure({}, "a", {}, kNow, 1).next - kNow == absl::Seconds(4));
  CHECK(AfterFailure({}, "a", {}, kNow, 0, true).next - kNow == absl::Minutes(3));
  CHECK(AfterFailure({}, "a", {}, kNow, 0, false, absl::Minutes(10)).next - kNow ==
        absl::Minutes(10));
}

}  // namespace
}  // namespace slipway::gitops::sync
