#include "services/gitops/domain/replica_wire.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

TEST_CASE("a notice of a replica is read as it was said, and nonsense is none") {
  const Notice notices[] = {
      {Notice::Kind::kDeployment, "projects/p/apps/a/environments/e", Status::SYNCING},
      {Notice::Kind::kEnvironment, "projects/p/apps/a/environments/e"},
      {Notice::Kind::kPush, "https://git.test/a b.git"},
      {Notice::Kind::kDefinition, "projects/p"},
      {Notice::Kind::kCluster, "east"},
      {Notice::Kind::kCredentials},
      {Notice::Kind::kProvider},
      {Notice::Kind::kLeases},
  };
  for (const Notice& notice : notices) CHECK(ParseNotice(ToText(notice)) == notice);
  for (const char* text : {"", " ", "push", "push x y", "nothing 0 x", "deployment 999 x"})
    CHECK_FALSE(ParseNotice(text));
}

}  // namespace
}  // namespace slipway::gitops
