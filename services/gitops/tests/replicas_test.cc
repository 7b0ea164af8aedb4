#include <signal.h>

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "services/gitops/testing/gitops_process.h"

namespace slipway::gitops {
namespace {

constexpr char kGained[] = "\"leadership.gained\"";
constexpr char kWaits[] = "\"leadership.waits\"";

}  // namespace

TEST_CASE("of two replicas one works, and the other takes over however the first ends") {
  const int signal = GENERATE(SIGKILL, SIGTERM);
  db::TestDatabase database({}, "gitops");
  const auto root = TempDir::Create("replicas");
  GitOpsProcess first(database, root->path(), "gitops-0");
  REQUIRE(first.Says(kGained));
  GitOpsProcess second(database, root->path(), "gitops-1");
  REQUIRE(second.Says(kWaits));
  CHECK_FALSE(second.HasSaid(kGained));
  const absl::Time killed = absl::Now();
  first.End(signal);
  CHECK(second.Says(kGained));
  CHECK(absl::Now() - killed < absl::Seconds(15));  // a second, where the machine is idle
  // The first comes back, and waits for its turn.
  GitOpsProcess again(database, root->path(), "gitops-0");
  CHECK(again.Says(kWaits));
  CHECK_FALSE(again.HasSaid(kGained));
}

}  // namespace slipway::gitops
