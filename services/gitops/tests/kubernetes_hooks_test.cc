#include <catch2/catch.hpp>

#include "libs/db/run_tx.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = KubernetesStage::kDev;

std::string ConfigMap(const std::string& name, const std::string& annotations) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  annotations: {" +
         annotations + "}\ndata: {key: v}\n";
}

// A Job whose pod ends at once, or never by `behaviour`.
std::string Job(const std::string& name, const std::string& annotations,
                const std::string& more = "", const std::string& behaviour = "") {
  return "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: " + name + "\n  annotations: {" +
         annotations + "}\nspec:\n  backoffLimit: 0\n" + more +
         "  template:\n    metadata:\n      annotations: {" +
         (behaviour.empty() ? "" : "kubelet.test/behaviour: " + behaviour) +
         "}\n    spec:\n      restartPolicy: Never\n      containers: [{name: m, image: "
         "registry.test/m}]\n";
}

std::string Created(const KubernetesStage& stage, const std::string& object) {
  return stage.ns->Kubectl({"get", object, "-o", "jsonpath={.metadata.creationTimestamp}"});
}

TEST_CASE("a wave begins when the one before is healthy") {
  KubernetesStage stage;
  const std::string pause =
      "spec:\n  replicas: 1\n  selector: {matchLabels: {a: b}}\n  template:\n"
      "    metadata: {labels: {a: b}, annotations: {kubelet.test/delay: 2s}}\n"
      "    spec: {containers: [{name: w, image: registry.test/w}]}\n";
  stage.Commit(kDev, {{"first.yaml",
                       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: first\n  "
                       "annotations: {argocd.argoproj.io/sync-wave: \"-1\"}\n" +
                           pause},
                      {"second.yaml", ConfigMap("second", "a: b")}});
  REQUIRE(KubernetesStage::Eventually([&] { return stage.Exists("deployment", "first"); }));
  CHECK(!stage.Exists("configmap", "second"));
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.Exists("configmap", "second"));
  CHECK(Created(stage, "configmap/second") > Created(stage, "deployment/first"));
}

TEST_CASE("a hook runs once for a commit, before what it is a hook of") {
  KubernetesStage stage;
  const std::string hook = "argocd.argoproj.io/hook: PreSync";
  stage.Commit(kDev, {{"job.yaml", Job("migrate", hook)}, {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string uid =
      stage.ns->Kubectl({"get", "job", "migrate", "-o", "jsonpath={.metadata.uid}"});
  stage.Restart();
  stage.ns->Kubectl({"delete", "configmap", "a"});
  REQUIRE(KubernetesStage::Eventually([&] { return stage.Exists("configmap", "a"); }));
  CHECK(stage.ns->Kubectl({"get", "job", "migrate", "-o", "jsonpath={.metadata.uid}"}) == uid);
  stage.Commit(kDev, {{"job.yaml", Job("migrate", hook)}, {"a.yaml", ConfigMap("a", "x: \"2\"")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.ns->Kubectl({"get", "job", "migrate", "-o", "jsonpath={.metadata.uid}"}) != uid);
}

TEST_CASE("a Job that its time to live takes away does not hang the sync") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"job.yaml", Job("migrate", "argocd.argoproj.io/hook: PreSync",
                                       "  ttlSecondsAfterFinished: 0\n")},
                      {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  CHECK(stage.AwaitSynced(kDev));
}

TEST_CASE("a hook that fails stops the sync, runs the hooks for that, and a new commit goes on") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"job.yaml", Job("migrate", "argocd.argoproj.io/hook: PreSync", "", "crash")},
                      {"sad.yaml", Job("sad", "argocd.argoproj.io/hook: SyncFail")},
                      {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  REQUIRE(KubernetesStage::Eventually([&] { return stage.Exists("job", "sad"); }));
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.Environment(kDev).drift.find("PreSync hook Job " + stage.ns->name() +
                                              "/migrate failed") != std::string::npos;
  }));
  CHECK(!stage.Exists("configmap", "a"));
  stage.Commit(kDev, {{"job.yaml", Job("migrate", "argocd.argoproj.io/hook: PreSync")},
                      {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  CHECK(stage.AwaitSynced(kDev));
}

TEST_CASE("a hook is deleted when its policy says so, and nothing of it is pruned else") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"job.yaml", Job("migrate",
                                       "argocd.argoproj.io/hook: PreSync, "
                                       "argocd.argoproj.io/hook-delete-policy: "
                                       "HookSucceeded")},
                      {"post.yaml", Job("after", "argocd.argoproj.io/hook: PostSync")},
                      {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("job", "migrate"); }));
  CHECK(stage.Exists("job", "after"));
}

TEST_CASE("hooks of a deletion run before and after it, and nothing of them stays") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"pre.yaml", Job("pre", "argocd.argoproj.io/hook: PreDelete")},
                      {"post.yaml", Job("post", "argocd.argoproj.io/hook: PostDelete")},
                      {"a.yaml", ConfigMap("a", "x: \"1\"")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(!stage.Exists("job", "pre"));
  stage.Restart();
  const int64_t mark = stage.Mark();
  const auto removed = db::RunTx(stage.database.pool(), "test.remove", absl::Seconds(5),
                                 [](db::Tx& tx) { return environments::SetRemoved(tx, kDev); });
  REQUIRE(removed.ok());
  REQUIRE(
      KubernetesStage::Eventually([&] { return stage.process->syncer.Remove(kDev, {}).ok(); }));
  std::vector<std::string> steps;
  const auto seen = stage.proxy.Requests({.method = "POST|DELETE", .since = mark});
  for (const boost::json::value& request : seen.requests) {
    const std::string method(request.at("method").as_string());
    const std::string path(request.at("path").as_string());
    if (method == "POST" && path.find("/jobs") != std::string::npos) steps.push_back("hook");
    if (method == "DELETE" && path.find("/configmaps/a") != std::string::npos) steps.push_back("delete");
  }
  CHECK(steps == std::vector<std::string>{"hook", "delete", "hook"});
  CHECK(!stage.Exists("configmap", "a"));
  CHECK(KubernetesStage::Eventually(
      [&] { return !stage.Exists("job", "pre") && !stage.Exists("job", "post"); }));
  CHECK(stage.database.Value("SELECT count(*)::text AS v FROM hook_runs") == "0");
}

TEST_CASE("a definition comes before its objects") {
  KubernetesStage stage;
  std::string group = stage.ns->name() + ".slipway.test";
  stage.Commit(
      kDev,
      {{"thing.yaml", "apiVersion: " + group + "/v1\nkind: Thing\nmetadata: {name: one}\n"},
       {"crd.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
        "things." +
            group + "}\nspec:\n  group: " + group +
            "\n  scope: Namespaced\n  names: {plural: things, singular: thing, kind: Thing}\n  "
            "versions:\n  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: "
            "{type: object, x-kubernetes-preserve-unknown-fields: true}}}\n"}});
  CHECK(stage.AwaitSynced(kDev));
  CHECK(stage.Exists("things." + group, "one"));
  stage.ns->cluster().Kubectl({"delete", "crd", "things." + group, "--wait=false"});
}

}  // namespace
}  // namespace slipway::gitops
