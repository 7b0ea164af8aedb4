#include <algorithm>
#include <catch2/catch.hpp>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = KubernetesStage::kDev;

std::string ConfigMap(const std::string& name, const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {key: \"" + value +
         "\"}\n";
}

std::map<std::string, std::string> Files(int count, const std::string& value) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < count; ++i) {
    const std::string name = "m" + std::to_string(i);
    files[name + ".yaml"] = ConfigMap(name, value);
  }
  return files;
}

size_t Count(const KubernetesStage& stage) {
  const std::string names = stage.ns->Kubectl(
      {"get", "configmap", "-l", "slipway.dev/managed-by=" + stage.ns->name(), "-o", "name"});
  return static_cast<size_t>(std::count(names.begin(), names.end(), '\n')) +
         (names.empty() ? 0 : 1);
}

TEST_CASE("faults of the server are got over, and each object is as Git says in the end") {
  KubernetesStage stage;
  SECTION("errors") {
    stage.proxy.AddRule({{"method", "PATCH"}, {"times", 5}, {"answer", {{"status", 503}}}});
  }
  SECTION("too many requests") {
    stage.proxy.AddRule({{"method", "PATCH"},
                         {"times", 5},
                         {"answer", {{"status", 429}, {"headers", {{"Retry-After", "1"}}}}}});
  }
  SECTION("answers that break off") {
    stage.proxy.AddRule({{"method", "PATCH"}, {"times", 3}, {"cut", 200}});
  }
  SECTION("connections that end before the server did its work") {
    stage.proxy.AddRule({{"method", "PATCH"}, {"times", 3}, {"drop", "before"}});
  }
  SECTION("connections that end after the server did its work") {
    stage.proxy.AddRule({{"method", "PATCH"}, {"times", 3}, {"drop", "after"}});
  }
  stage.Commit(kDev, Files(6, "1"));
  REQUIRE(stage.AwaitSynced(kDev, absl::Seconds(40)));
  CHECK(Count(stage) == 6);
}

TEST_CASE("a watch that is too old is begun anew, and drift from between is put back") {
  KubernetesStage stage;
  stage.Commit(kDev, Files(2, "1"));
  REQUIRE(stage.AwaitSynced(kDev));
  stage.proxy.AddRule({{"verb", "watch"}, {"times", 2}, {"expire", true}});
  stage.proxy.Interrupt({.verb = "watch"});
  stage.ns->Kubectl({"delete", "configmap", "m0"});
  stage.ns->Kubectl({"patch", "configmap", "m1", "--type=merge", "-p", R"({"data":{"key":"9"}})"});
  CHECK(KubernetesStage::Eventually([&] { return stage.Exists("configmap", "m0"); },
                                    absl::Seconds(40)));
  CHECK(KubernetesStage::Eventually([&] {
    return stage.ns->Kubectl({"get", "configmap", "m1", "-o", "jsonpath={.data.key}"}) == "1";
  }));
}

TEST_CASE("a denied deletion stays tracked and is tried again") {
  KubernetesStage stage;
  stage.Commit(kDev, Files(3, "1"));
  REQUIRE(stage.AwaitSynced(kDev));
  stage.proxy.AddRule({{"method", "DELETE"}, {"times", 2}, {"answer", {{"status", 403}}}});
  stage.Commit(kDev, Files(2, "1"));
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "m2"); },
                                    absl::Seconds(40)));
  CHECK(Count(stage) == 2);
}

TEST_CASE("a manifest that can't be read deletes nothing") {
  KubernetesStage stage;
  stage.Commit(kDev, Files(3, "1"));
  REQUIRE(stage.AwaitSynced(kDev));
  const int64_t mark = stage.Mark();
  stage.Commit(kDev, {{"m0.yaml", ConfigMap("m0", "2")}, {"m1.yaml", "kind: [\n"}});
  REQUIRE(KubernetesStage::Eventually(
      [&] { return stage.Environment(kDev).drift.find("m1.yaml:") != std::string::npos; }));
  CHECK(stage.Writes(mark) == 0);
  CHECK(Count(stage) == 3);
}

TEST_CASE("an object of an earlier uid is not deleted") {
  KubernetesStage stage;
  stage.Commit(kDev, Files(2, "1"));
  REQUIRE(stage.AwaitSynced(kDev));
  stage.process->Stop();
  stage.ns->Kubectl({"delete", "configmap", "m1"});
  stage.ns->Apply(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m1}\ndata: {mine: yes-mine}\n");
  stage.Commit(kDev, Files(1, "1"));
  stage.Restart();
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(stage.ns->Kubectl({"get", "configmap", "m1", "-o", "jsonpath={.data.mine}"}) == "yes-mine");
}

TEST_CASE("a process that is killed while it applies goes on, and leaves no orphan") {
  KubernetesStage stage;
  stage.proxy.AddRule({{"method", "PATCH"}, {"delay", "100ms"}});
  stage.Commit(kDev, Files(10, "1"));
  for (int i = 0; i < 3; ++i) stage.Restart();
  stage.Commit(kDev, Files(6, "2"));
  stage.Restart();
  stage.proxy.ClearRules();
  REQUIRE(stage.AwaitSynced(kDev, absl::Seconds(40)));
  CHECK(KubernetesStage::Eventually([&] { return Count(stage) == 6; }));
}

}  // namespace
}  // namespace slipway::gitops
