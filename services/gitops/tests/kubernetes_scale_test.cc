// Big objects, and clusters that are full of what is not ours.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};
constexpr int kForeign = 400;  // pods, and as many replica sets

// Bytes of this process in memory.
int64_t Resident() {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

// Pods that stay unscheduled and replica sets without pods, with labels as apps have them.
std::string Foreign() {
  std::string all;
  for (int i = 0; i < kForeign; ++i) {
    const std::string name = "foreign-" + std::to_string(i);
    const std::string pod = "spec: {containers: [{name: c, image: registry.test/x}]}";
    all += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
           ", labels: {app: other}, annotations: {kubelet.test/behaviour: pending}}\n" + pod + "\n";
    all += "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: " + name +
           ", labels: {app: other}}\nspec: {replicas: 0, selector: {matchLabels: {n: " + name +
           "}}, template: {metadata: {labels: {n: " + name + "}}, " + pod + "}}\n";
  }
  return all;
}

TEST_CASE("pods and replica sets of others are neither read nor kept, also while an app is ill") {
  KubernetesStage stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  const auto live = [&] {
    return KubernetesStage::Eventually(
        [&] { return stage.Environment(kDev).health == Status::RUNNING; });
  };
  // The second of two equal starts shows what a start takes.
  const auto start = [&] {
    const int64_t mark = stage.Mark();
    stage.Restart();
    stage.process->syncer.Wake(kDev);
    REQUIRE(live());
    REQUIRE(stage.AwaitSynced(kDev));
    return stage.proxy.Requests({.since = mark});
  };
  start();
  const int64_t bytes = start().bytes;
  const int64_t before = Resident();
  stage.ns->Kubectl({"create", "-f", "-"}, Foreign());
  const auto seen = start();
  for (const char* request :
       {"list pods", "watch pods", "list replicasets.apps", "watch replicasets.apps", "get pods"}) {
    INFO(request);
    CHECK(seen.counts.count(request) == 0);
  }
  CHECK(seen.bytes < bytes + 50'000);

  // What is asked to explain an app that does not get healthy is about its own pods.
  const int64_t mark = stage.Mark();
  FakePipeline::Pipeline definition;
  definition.cluster = "test";
  definition.k8s_namespace = stage.ns->name();
  (*definition.deploy.mutable_env())["KUBELET_TEST_BEHAVIOUR"] = "image-pull";
  stage.pipeline.Set(kDev, definition);
  stage.Deploy("two");
  stage.Await(kDev, 2, [](const Deployment& deployment) {
    return deployment.reason.find("image pull back-off") != std::string::npos;
  });
  const auto ill = stage.proxy.Requests({.since = mark});
  CHECK(ill.bytes < 500'000);
  CHECK(Resident() < before + (16 << 20));
}

TEST_CASE("a definition of a megabyte is applied, and applied anew when it changes") {
  KubernetesStage stage;
  const std::string group = stage.ns->name() + ".slipway.test";
  const auto crd = [&](const std::string& word) {
    std::string fields;
    for (int i = 0; i < 1'000; ++i) {
      std::string text;
      while (text.size() < 950) text += word + " ";
      fields += "              field" + std::to_string(i) + ": {type: string, description: \"" +
                text + "\"}\n";
    }
    return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
           "things." +
           group + "}\nspec:\n  group: " + group +
           "\n  scope: Namespaced\n  names: {plural: things, singular: thing, kind: Thing}\n"
           "  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n"
           "      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n"
           "            type: object\n            properties:\n" +
           fields;
  };
  const auto thing = [&](const std::string& text) {
    return "apiVersion: " + group +
           "/v1\nkind: Thing\nmetadata: {name: one}\nspec: {field0: " + text + "}\n";
  };
  REQUIRE(crd("first").size() > 1'000'000);
  stage.Commit(kDev, {{"crd.yaml", crd("first")}, {"thing.yaml", thing("a")}});
  REQUIRE(stage.AwaitSynced(kDev, absl::Seconds(40)));
  const auto described = [&] {
    const std::string found = stage.ns->Kubectl(
        {"get", "crd", "things." + group, "-o",
         "jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.field9."
         "description}"});
    return found.substr(0, found.find(' '));
  };
  CHECK(described() == "first");
  stage.Commit(kDev, {{"crd.yaml", crd("second")}, {"thing.yaml", thing("b")}});
  REQUIRE(stage.AwaitSynced(kDev, absl::Seconds(40)));
  CHECK(described() == "second");
  CHECK(stage.ns->Kubectl({"get", "things." + group, "one", "-o", "jsonpath={.spec.field0}"}) ==
        "b");
  const int64_t mark = stage.Mark();
  stage.Restart();
  stage.process->syncer.Wake(kDev);
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.Writes(mark) == 0);
  stage.ns->cluster().Kubectl({"delete", "crd", "things." + group, "--wait=false"});
}

}  // namespace
}  // namespace slipway::gitops
