#include "services/gitops/target/kubernetes/live_index.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::kubernetes {
namespace {

const kube::ObjectId kSecret{"", "Secret", "shop", "s"};
const AppEnvironment kOwner{"shop", "api", "dev"};

LiveObject Seen(uint64_t version, uint64_t fields, uint64_t values, int64_t time = 1) {
  LiveObject live{.exists = true, .uid = "u", .resource_version = version};
  live.seen = {.uid = 1, .fields = fields, .values = values, .time = time};
  return live;
}

TEST_CASE("what was read of values stays known while metadata show the same") {
  LiveIndex index;
  index.Follow(kSecret, kOwner);
  index.Put(kSecret, Seen(1, 5, 7));
  CHECK_FALSE(index.Put(kSecret, Seen(2, 5, 0)));
  CHECK(index.Find(kSecret)->seen.values == 7);
  // Somebody applied under our name, or took a field: nobody knows the values.
  CHECK(index.Put(kSecret, Seen(3, 5, 0, 2)) == kOwner);
  CHECK(index.Find(kSecret)->seen.values == 0);
  index.Put(kSecret, Seen(4, 5, 8, 2));
  CHECK(index.Put(kSecret, Seen(5, 6, 0, 2)) == kOwner);
  CHECK(index.Find(kSecret)->seen.values == 0);
}

TEST_CASE("an older state is no news, and what nobody follows is not kept") {
  LiveIndex index;
  CHECK_FALSE(index.Put(kSecret, Seen(1, 5, 7)));
  CHECK(index.size() == 0);
  index.Follow(kSecret, kOwner);
  CHECK(index.Put(kSecret, Seen(2, 5, 7)) == kOwner);
  CHECK_FALSE(index.Put(kSecret, Seen(1, 6, 8)));
  CHECK(index.Find(kSecret)->resource_version == 2);
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
