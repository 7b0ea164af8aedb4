#include "services/gitops/target/kubernetes/packed_live.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::kubernetes {
namespace {

using kube::HealthState;

TEST_CASE("what is packed comes out as it went in") {
  LiveObject live{.exists = true,
                  .uid = "0f8fad5b-d9cb-469f-a165-70867728950e",
                  .resource_version = 7,
                  .seen = {.uid = 1, .fields = 2, .values = 3, .time = 4, .generation = 5},
                  .health = {HealthState::kHealthy, ""},
                  .last = {HealthState::kHealthy, ""}};
  SECTION("an object in order") {}
  SECTION("one that is not healthy") {
    live.health = live.last = {HealthState::kDegraded, "0 of 3 updated"};
  }
  SECTION("one that is being deleted") {
    live.deleting = true;
    live.health = {HealthState::kProgressing, "is being deleted"};
  }
  SECTION("one that is gone, and ended otherwise") {
    live.exists = false;
    live.health = {HealthState::kMissing, ""};
  }
  SECTION("uids of other forms") {
    live.uid = GENERATE("", "u", "0F8FAD5B-D9CB-469F-A165-70867728950E");
  }
  const LiveObject out = PackedLive(live).Unpack();
  CHECK(out.SameAs(live));
  CHECK(out.exists == live.exists);
  CHECK(out.uid == live.uid);
  CHECK(out.resource_version == live.resource_version);
  CHECK(out.seen == live.seen);
  CHECK(out.last.state == live.last.state);
  CHECK(out.last.message == live.last.message);
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
