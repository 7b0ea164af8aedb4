// What is deleted on a cluster and what is made anew: confirmations, forced replacements, objects
// that change hands, and hooks.
#include <catch2/catch.hpp>

#include "libs/db/run_tx.h"
#include "services/gitops/domain/sync_controls.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

const AppEnvironment kDev = {"demo", "hello", "dev"};
constexpr char kOptions[] = "argocd.argoproj.io/sync-options: ";

std::string ConfigMap(const std::string& name, const std::string& value,
                      const std::string& annotations = "", const std::string& more = "") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  annotations: {" +
         annotations + "}\ndata: {key: \"" + value + "\"}\n" + more;
}

std::string UidOf(const KubernetesStage& stage, const std::string& name) {
  return stage.ns->Kubectl({"get", "configmap", name, "-o", "jsonpath={.metadata.uid}"});
}

std::string Jobs(const KubernetesStage& stage) {
  return stage.ns->Kubectl({"get", "jobs", "-o", "jsonpath={.items[*].metadata.uid}"});
}

TEST_CASE("what waits for a confirmation goes when a person gives it, and nothing else does then") {
  KubernetesStage stage;
  SyncControls controls({stage.process->clock, stage.database.pool(), stage.process->lifecycle,
                         stage.pipeline, stage.process->syncer.policies()});
  controls.OnChanged([&](const AppEnvironment& where) { stage.process->syncer.Wake(where); });
  const std::string asked = kOptions + std::string("Prune=confirm");
  const std::string kept = kOptions + std::string("Prune=false");
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")},
                      {"b.yaml", ConfigMap("b", "1", asked)},
                      {"c.yaml", ConfigMap("c", "1", kept)}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.Exists("configmap", "b"));
  const auto said = controls.Sync(kDev.Name(), {.actor = "user:ann"}, /*prune=*/true);
  INFO(said.status());
  REQUIRE(said.ok());
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "b"); }));
  CHECK(stage.Exists("configmap", "c"));
  // It was about that commit only.
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")}, {"b.yaml", ConfigMap("b", "1", asked)}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "3")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.Exists("configmap", "b"));
}

TEST_CASE("an object with a field that can't be changed is made anew only where it says so") {
  KubernetesStage stage;
  const std::string force = kOptions + std::string("\"Force=true,Replace=true\"");
  const std::string frozen = "immutable: true\n";
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1", "", frozen)},
                      {"b.yaml", ConfigMap("b", "1", force, frozen)}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string a = UidOf(stage, "a"), b = UidOf(stage, "b");
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2", "", frozen)},
                      {"b.yaml", ConfigMap("b", "1", force, frozen)}});
  REQUIRE(KubernetesStage::Eventually(
      [&] { return stage.Environment(kDev).drift.find("Force=true") != std::string::npos; }));
  CHECK(UidOf(stage, "a") == a);
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1", "", frozen)},
                      {"b.yaml", ConfigMap("b", "2", force, frozen)}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(UidOf(stage, "a") == a);
  CHECK(UidOf(stage, "b") != b);
  CHECK(stage.ns->Kubectl({"get", "configmap", "b", "-o", "jsonpath={.data.key}"}) == "2");
}

TEST_CASE("an object that changed hands and was dropped before it was applied anew is deleted") {
  KubernetesStage stage;
  const AppEnvironment other = {"demo", "other", "dev"};
  stage.Commit(kDev, {{"own.yaml", ConfigMap("own", "1")}, {"x.yaml", ConfigMap("x", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.MakeApp(other);
  stage.Commit(other, {{"x.yaml", ConfigMap("x", "2")}});
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.Environment(other).drift.find("belongs to demo/hello/dev") != std::string::npos;
  }));
  stage.proxy.AddRule({{"method", "PATCH"}, {"answer", {{"status", 503}}}});
  stage.Commit(kDev, {{"own.yaml", ConfigMap("own", "1")}});
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.database.Value("SELECT app AS v FROM inventory WHERE name = 'x'") == "other";
  }));
  stage.Commit(other, {{"own.yaml", ConfigMap("others-own", "1")}});
  stage.proxy.ClearRules();
  REQUIRE(stage.AwaitSynced(other));
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "x"); }));
}

TEST_CASE(
    "an object that was made anew without the answer being known is deleted with its folder") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}, {"b.yaml", ConfigMap("b", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string before = UidOf(stage, "b");
  stage.proxy.AddRule({{"method", "PATCH"}, {"drop", "after"}});
  stage.ns->Kubectl({"delete", "configmap", "b"});
  REQUIRE(KubernetesStage::Eventually([&] { return stage.Exists("configmap", "b"); }));
  CHECK(UidOf(stage, "b") != before);
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}});
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "b"); }));
}

TEST_CASE("hooks with generated names run for each sync, and all go with the app") {
  KubernetesStage stage;
  const std::string job =
      "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: migrate-\n  annotations: "
      "{argocd.argoproj.io/hook: PreSync}\nspec:\n  template:\n    spec:\n      restartPolicy: "
      "Never\n      containers: [{name: m, image: registry.test/m}]\n";
  stage.Commit(kDev, {{"job.yaml", job}, {"a.yaml", ConfigMap("a", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string first = Jobs(stage);
  stage.Commit(kDev, {{"job.yaml", job}, {"a.yaml", ConfigMap("a", "2")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(Jobs(stage).find(' ') != std::string::npos);
  // Back to a state of before: it runs again.
  stage.Commit(kDev, {{"job.yaml", job}, {"a.yaml", ConfigMap("a", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(Jobs(stage).find(first) == std::string::npos);
  const auto removed = db::RunTx(stage.database.pool(), "test.remove", absl::Seconds(5),
                                 [](db::Tx& tx) { return environments::SetRemoved(tx, kDev); });
  REQUIRE(removed.ok());
  REQUIRE(
      KubernetesStage::Eventually([&] { return stage.process->syncer.Remove(kDev, {}).ok(); }));
  CHECK(KubernetesStage::Eventually([&] { return Jobs(stage).empty(); }));
}

}  // namespace
}  // namespace slipway::gitops
