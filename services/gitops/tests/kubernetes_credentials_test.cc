// Credentials that change while apps run on a cluster: the cluster's own, and those with which
// images are pulled there.
#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};
constexpr char kCluster[] = "clusters/test";
// What is found by the next look in its turn, or by the next try, comes later.
constexpr absl::Duration kAtOnce = absl::Seconds(5);

std::string ConfigMap(const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: \"" + value + "\"}\n";
}

std::string KeyOf(const KubernetesStage& stage) {
  const boost::json::value object = stage.ns->Get("configmap", "a");
  return object.is_object() ? std::string(object.at("data").at("key").as_string()) : "(none)";
}

// The cluster's definition becomes this one, and pipeline tells it.
void Give(KubernetesStage& stage, const std::string& kubeconfig) {
  slipway::pipeline::v1::KubernetesTarget cluster;
  cluster.mutable_kubeconfig()->set_value(kubeconfig);
  stage.pipeline.SetCluster("test", cluster);
  stage.Tell("cluster.changed", kCluster);
}

// The kubeconfig of a new account, whose name is in `account`.
std::string NewAccount(KubernetesStage& stage, std::string& account) {
  const std::string path = stage.ns->RestrictedKubeconfig();
  account = path.substr(path.rfind("restricted-"));
  return *ReadFile(path);
}

// As `cluster check` shows it: the first stage that went wrong; empty: none.
std::string FailedStage(KubernetesStage& stage) {
  const auto check = stage.target->Check("test");
  REQUIRE(check.ok());
  for (const auto& one : check->stages()) {
    if (!one.ok()) return one.name() + ": " + one.message() + "; " + one.remedy();
  }
  return "";
}

TEST_CASE("a credential that the server refuses is told, and another one is used at once") {
  KubernetesStage stage;
  std::string account;
  const std::string good = NewAccount(stage, account);
  std::string bad = good;
  const size_t token = bad.find("\"token\":\"") + 9;
  bad.replace(token, bad.find('"', token) - token, "no-token-of-this-server");
  Give(stage, bad);
  const Deployment one = stage.DeployFiles({{"a.yaml", ConfigMap("1")}});
  const Deployment waiting = stage.Await(kDev, one.number, [](const Deployment& deployment) {
    return deployment.reason.find("waits for the target: ") == 0;
  });
  INFO(waiting.reason);
  CHECK(waiting.state == Status::SYNCING);
  CHECK(waiting.reason.find("Unauthorized") != std::string::npos);
  CHECK(waiting.reason.find("cluster \"test\"") != std::string::npos);
  CHECK(FailedStage(stage).find("sign-in: ") == 0);
  // The next try is far.
  REQUIRE(KubernetesStage::Eventually([&] {
    stage.database.Exec(
        "UPDATE app_environments SET sync_next = now() + interval '1 hour' WHERE sync_failures > "
        "0");
    return stage.Environment(kDev).sync.held.hold == sync::Hold::kBackOff &&
           stage.Environment(kDev).sync.retry.next > absl::Now() + absl::Minutes(50);
  }));
  const absl::Time given = absl::Now();
  Give(stage, good);
  const Deployment done = stage.AwaitEnd(kDev, one.number, kAtOnce);
  CHECK(done.state == Status::HEALTHY);
  CHECK(KeyOf(stage) == "1");
  WARN("new credential to healthy: " << absl::FormatDuration(*done.ended - given));
}

TEST_CASE("a cluster's credential that ends is told, and its successor needs no restart") {
  KubernetesStage stage;
  std::string first, second;
  Give(stage, NewAccount(stage, first));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  // As when it expires; the server may know it for ten seconds more.
  stage.ns->Kubectl({"delete", "serviceaccount", first});
  REQUIRE(KubernetesStage::Eventually([&] { return FailedStage(stage).find("sign-in: ") == 0; },
                                      absl::Seconds(30)));
  const Deployment two = stage.DeployFiles({{"a.yaml", ConfigMap("2")}});
  const Deployment waiting = stage.Await(kDev, two.number, [](const Deployment& deployment) {
    return deployment.reason.find("Unauthorized") != std::string::npos;
  });
  CHECK(waiting.state == Status::SYNCING);
  CHECK(waiting.reason.find("another credential") != std::string::npos);
  CHECK(KeyOf(stage) == "1");
  Give(stage, NewAccount(stage, second));
  CHECK(stage.AwaitEnd(kDev, two.number, kAtOnce).state == Status::HEALTHY);
  CHECK(KeyOf(stage) == "2");
  CHECK(FailedStage(stage).find("sign-in: ") == std::string::npos);
}

TEST_CASE("what runs is watched with a cluster's new credential, and nothing is written for it") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"a.yaml", ConfigMap("1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string before =
      stage.ns->Kubectl({"get", "configmap", "a", "-o", "jsonpath={.metadata.resourceVersion}"});
  std::string account;
  Give(stage, NewAccount(stage, account));
  CHECK(stage.ns->Kubectl(
            {"get", "configmap", "a", "-o", "jsonpath={.metadata.resourceVersion}"}) == before);
  // Also what is changed while it connects anew.
  stage.ns->Kubectl({"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "9"}})"});
  CHECK(KubernetesStage::Eventually([&] { return KeyOf(stage) == "1"; }, kAtOnce));
}

TEST_CASE("a new pull credential is on the cluster at once, and one that goes away leaves it") {
  KubernetesStage stage;
  const auto pull = [&stage] {
    return stage.ns->Kubectl({"get", "secret", "slipway-pull-hello", "--ignore-not-found", "-o",
                              "go-template={{index .data \".dockerconfigjson\" | base64decode}}"});
  };
  stage.pipeline.SetCredential(
      {.host = "registry.test", .username = "puller", .password = "the-first-one"});
  const Deployment one = stage.DeployFiles(
      {{"pod.yaml",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: hello}, spec: {selector: "
        "{matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: "
        "c, image: \"registry.test/hello\"}]}}}}"}});
  REQUIRE(stage.AwaitEnd(kDev, one.number).state == Status::HEALTHY);
  CHECK(pull().find("the-first-one") != std::string::npos);
  const std::string pods = stage.ns->Kubectl({"get", "pods", "-o", "name"});

  stage.pipeline.SetCredential(
      {.host = "registry.test", .username = "puller", .password = "the-second-one"});
  stage.Tell("registry.changed", "registries/test");
  CHECK(KubernetesStage::Eventually(
      [&] { return pull().find("the-second-one") != std::string::npos; }, kAtOnce));
  // No pod is replaced for it.
  CHECK(stage.ns->Kubectl({"get", "pods", "-o", "name"}) == pods);
  REQUIRE(stage.AwaitSynced(kDev));

  stage.pipeline.SetCredential({});
  stage.Tell("registry.changed", "registries/test");
  CHECK(KubernetesStage::Eventually([&] { return pull().empty(); }));
}

}  // namespace
}  // namespace slipway::gitops
