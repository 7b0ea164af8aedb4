#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/remover.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/replica_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

constexpr absl::Duration kLease = ReplicaStage::kLease;
const AppEnvironment kEast = ReplicaStage::kEast;
const AppEnvironment kWest = ReplicaStage::kWest;

// Both apps deployed, and one cluster with each replica; which one has "west".
std::string Spread(ReplicaStage& stage) {
  stage.DeployValue(kEast, "1");
  stage.DeployValue(kWest, "1");
  for (const AppEnvironment& where : {kEast, kWest})
    REQUIRE(stage.AwaitEnd(where, 1).state == Status::HEALTHY);
  REQUIRE(ReplicaStage::Eventually([&] {
    const std::string east = stage.HolderOf("east"), west = stage.HolderOf("west");
    return !east.empty() && !west.empty() && east != west;
  }));
  return stage.HolderOf("west");
}

bool IsSteady(ReplicaStage& stage, const AppEnvironment& where) {
  const auto found = db::RunTx(stage.database.pool(), "test.state", absl::Seconds(5),
                               [&](db::Tx& tx) { return environments::Get(tx, where); });
  return found.ok() && *found && (*found)->health == Status::RUNNING && (*found)->drift.empty();
}

}  // namespace

TEST_CASE("clusters are spread over replicas, and each is looked after by its holder alone") {
  ReplicaStage stage;
  auto a = stage.Start("a");
  auto b = stage.Start("b");
  const std::string west = Spread(stage), east = west == "a" ? "b" : "a";
  const int64_t of_west = stage.Mark(west), of_east = stage.Mark(east);
  // A new commit and a change by hand.
  const absl::Time began = absl::Now();
  stage.DeployValue(kWest, "2");
  REQUIRE(stage.AwaitEnd(kWest, 2).state == Status::HEALTHY);
  WARN("deployed through another replica in " << absl::FormatDuration(absl::Now() - began));
  stage.Drift(kWest);
  CHECK(stage.AwaitValue(kWest, "2"));
  CHECK(stage.Writes(west, of_west) == 2);
  CHECK(stage.Writes(east, of_east) == 0);

  // People may ask any of them.
  Replica& other = west == "a" ? *b : *a;
  const auto desired = other.process.syncer.Desired(kWest);
  REQUIRE(desired.ok());
  const auto tree = other.target.Tree(*desired);
  REQUIRE(tree.ok());
  REQUIRE(tree->nodes_size() == 1);
  CHECK(tree->nodes(0).health() == "Healthy");
  CHECK(tree->nodes(0).drift().empty());
  CHECK(other.target.Diff(*desired).ok());
}

TEST_CASE("a killed replica's cluster is taken over when its lease ends, and nothing is written") {
  ReplicaStage stage;
  auto a = stage.Start("a");
  auto b = stage.Start("b");
  const std::string west = Spread(stage), east = west == "a" ? "b" : "a";
  const int64_t mark = stage.Mark(east);
  const absl::Time killed = absl::Now();
  (west == "a" ? a : b).reset();
  REQUIRE(ReplicaStage::Eventually([&] { return stage.HolderOf("west") == east; },
                                   kLease + absl::Seconds(5)));
  REQUIRE(ReplicaStage::Eventually([&] { return IsSteady(stage, kWest); }));
  CHECK(stage.Writes(east, mark) == 0);
  stage.Drift(kWest);
  CHECK(stage.AwaitValue(kWest, "1"));
  WARN("killed to put back: " << absl::FormatDuration(absl::Now() - killed));
  CHECK(absl::Now() - killed < kLease + absl::Seconds(5));
  CHECK(stage.Writes(east, mark) == 1);

  // It comes back, and gets its share, again without a write.
  const int64_t again = stage.Mark("a"), other = stage.Mark("b");
  (west == "a" ? a : b) = stage.Start(west);
  REQUIRE(ReplicaStage::Eventually(
      [&] { return stage.HolderOf("west") == west || stage.HolderOf("east") == west; }));
  stage.Drift(kEast);
  stage.Drift(kWest);
  CHECK(stage.AwaitValue(kEast, "1"));
  CHECK(stage.AwaitValue(kWest, "1"));
  CHECK(stage.Writes("a", again) == 1);
  CHECK(stage.Writes("b", other) == 1);

  // One that ends in order lets nobody wait.
  Replica& leaving = west == "a" ? *a : *b;
  leaving.End();
  CHECK(ReplicaStage::Eventually(
      [&] { return stage.HolderOf("west") == east && stage.HolderOf("east") == east; },
      kLease / 2));
}

TEST_CASE("a replica that stood still writes nothing when it goes on") {
  ReplicaStage stage;
  auto a = stage.Start("a");
  auto b = stage.Start("b");
  const std::string west = Spread(stage), east = west == "a" ? "b" : "a";
  Replica& still = west == "a" ? *a : *b;
  // It knows nothing of what happens meanwhile.
  still.leases.Stop();
  REQUIRE(ReplicaStage::Eventually([&] { return stage.HolderOf("west") == east; },
                                   kLease + absl::Seconds(5)));
  stage.DeployValue(kWest, "2");
  REQUIRE(stage.AwaitEnd(kWest, 2).state == Status::HEALTHY);
  const int64_t mark = stage.Mark(west), of_east = stage.Mark(east);
  const auto desired = still.process.syncer.Desired(kWest);
  REQUIRE(desired.ok());
  DesiredState old = *desired;
  old.tree = "before";
  old.manifests[0].text.replace(old.manifests[0].text.find('2'), 1, "1");
  stage.Drift(kWest);
  for (int i = 0; i < 5; ++i) {
    still.process.syncer.Wake(kWest);
    CHECK(still.target.Apply(old).status().code() == absl::StatusCode::kUnavailable);
  }
  CHECK(stage.AwaitValue(kWest, "2"));
  CHECK(stage.Writes(west, mark) == 0);
  CHECK(stage.Writes(east, of_east) == 1);
  CHECK(ReplicaStage::Eventually([&] { return IsSteady(stage, kWest); }));
}

TEST_CASE("an app that goes to another replica's cluster is applied there, and then leaves") {
  ReplicaStage stage;
  auto a = stage.Start("a");
  auto b = stage.Start("b");
  Spread(stage);
  const Deployment moved = stage.DeployFrom(
      kWest, "https://git.test/sources.git",
      {{"b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {key: \"2\"}\n"}},
      "east", stage.namespaces["east"]->name());
  REQUIRE(stage.AwaitEnd(kWest, moved.number).state == Status::HEALTHY);
  CHECK(stage.namespaces["east"]->Get("configmap", "b").is_object());
  CHECK(ReplicaStage::Eventually(
      [&] { return !stage.namespaces["west"]->Get("configmap", "a").is_object(); }));
  CHECK(ReplicaStage::Eventually([&] {
    return stage.database.Value(
               "SELECT count(*)::text AS v FROM inventory WHERE cluster = "
               "'west'") == "0";
  }));
  CHECK(stage.ValueOn(kEast) == "1");
}

TEST_CASE("a deployment pipeline is deleted when the holder of its cluster has taken all away") {
  ReplicaStage stage;
  auto a = stage.Start("a");
  auto b = stage.Start("b");
  Spread(stage);
  Remover remover(stage.RemoverParts());
  slipway::pipeline::v1::DefinitionChanged changed;
  changed.set_name("projects/demo/apps/hello/workflows/main/deploymentPipelines/west");
  changed.set_app_uid(kAppUid);
  REQUIRE(db::RunTx(stage.database.pool(), "test.event", absl::Seconds(5), [&](db::Tx& tx) {
            return remover.OnEvent(tx, {.type = "deployment_pipeline.deleting",
                                        .payload = changed.SerializeAsString()});
          }).ok());
  remover.Start();
  CHECK(ReplicaStage::Eventually([&] { return stage.pipeline.confirmed().size() == 1; }));
  remover.Stop();
  CHECK_FALSE(stage.namespaces["west"]->Get("configmap", "a").is_object());
  CHECK(stage.ValueOn(kEast) == "1");
}

}  // namespace slipway::gitops
