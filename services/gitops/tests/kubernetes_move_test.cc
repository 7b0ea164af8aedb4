// An environment whose cluster changes: two clusters that are one server, by two names and two
// namespaces.
#include <catch2/catch.hpp>

#include "libs/base/file.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};

// "namespace/name" of the Deployments that there are.
std::string Deployments(const KubernetesStage& stage, const std::vector<std::string>& namespaces) {
  std::string all;
  for (const std::string& ns : namespaces) {
    all += stage.ns->cluster().MustKubectl(
        {"get", "deployments", "-n", ns, "-o",
         "go-template={{range .items}}{{.metadata.namespace}}/{{.metadata.name}} {{end}}"});
  }
  return all;
}

struct TwoClusters {
  TwoClusters() {
    slipway::pipeline::v1::KubernetesTarget cluster;
    cluster.mutable_kubeconfig()->set_value(*ReadFile(other.kubeconfig()));
    stage.pipeline.SetCluster("other", cluster);
  }
  // The environment belongs there from now on.
  void MoveTo(const std::string& cluster, const std::string& ns) {
    FakePipeline::Pipeline definition;
    definition.cluster = cluster;
    definition.k8s_namespace = ns;
    definition.deploy.set_port(8080);
    stage.pipeline.Set(kDev, definition);
  }

  cluster_testing::TestNamespace far;
  cluster_testing::FaultProxy other{far.cluster()};
  KubernetesStage stage{{.reaches = {other.url()}}};
  const std::string here = stage.ns->name();
};

TEST_CASE("an environment that moves runs on its new cluster before it leaves the old one") {
  TwoClusters two;
  KubernetesStage& stage = two.stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  const std::vector<std::string> both = {two.here, two.far.name()};
  CHECK(Deployments(stage, both) == two.here + "/hello ");

  // The new one does not take it yet: the old one goes on.
  two.MoveTo("other", two.far.name());
  two.other.AddRule({{"method", "PATCH"}, {"answer", {{"status", 403}}}});
  stage.Deploy("two");
  const Deployment waiting = stage.Await(kDev, 2, [](const Deployment& deployment) {
    return deployment.reason.find("waits for the target: ") == 0;
  });
  CHECK(waiting.cluster == "other");
  CHECK(Deployments(stage, both) == two.here + "/hello ");
  two.other.ClearRules();
  stage.Tell("cluster.changed", "clusters/other");
  const Deployment there = stage.AwaitEnd(kDev, 2);
  INFO(there.reason);
  REQUIRE(there.state == Status::HEALTHY);
  CHECK(KubernetesStage::Eventually(
      [&] { return Deployments(stage, both) == two.far.name() + "/hello "; }));
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("service", "hello"); }));
  CHECK(stage.database.Value("SELECT string_agg(DISTINCT cluster, ' ') AS v FROM inventory") ==
        "other");
  // What is done by hand at the old place is no drift any more.
  const int64_t mark = stage.Mark();
  two.far.Kubectl({"delete", "deployment", "hello"});
  CHECK(KubernetesStage::Eventually(
      [&] { return Deployments(stage, both) == two.far.name() + "/hello "; }));
  CHECK(stage.Writes(mark) == 0);

  // And back.
  two.MoveTo("test", two.here);
  stage.Deploy("three");
  REQUIRE(stage.AwaitEnd(kDev, 3).state == Status::HEALTHY);
  CHECK(KubernetesStage::Eventually(
      [&] { return Deployments(stage, both) == two.here + "/hello "; }));
  REQUIRE(stage.AwaitSynced(kDev));
}

TEST_CASE("an environment that moves while its old cluster is away leaves it when that is back") {
  TwoClusters two;
  KubernetesStage& stage = two.stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  two.MoveTo("other", two.far.name());
  stage.proxy.AddRule({{"answer", {{"status", 503}}}});
  stage.Deploy("two");
  const Deployment moved = stage.AwaitEnd(kDev, 2);
  INFO(moved.reason);
  CHECK(moved.state == Status::HEALTHY);
  CHECK(stage.Exists("deployment", "hello"));
  stage.proxy.ClearRules();
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("deployment", "hello"); },
                                    absl::Seconds(30)));
  CHECK(KubernetesStage::Eventually([&] {
    return stage.database.Value("SELECT string_agg(DISTINCT cluster, ' ') AS v FROM inventory") ==
           "other";
  }));
}

TEST_CASE("an environment whose namespace changes leaves the old one") {
  TwoClusters two;
  KubernetesStage& stage = two.stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  two.MoveTo("test", two.far.name());
  stage.Deploy("two");
  REQUIRE(stage.AwaitEnd(kDev, 2).state == Status::HEALTHY);
  CHECK(KubernetesStage::Eventually([&] {
    return Deployments(stage, {two.here, two.far.name()}) == two.far.name() + "/hello ";
  }));
}

TEST_CASE("a cluster that gets another name loses nothing, since its objects are the same ones") {
  TwoClusters two;
  KubernetesStage& stage = two.stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  const auto uid = [&stage] {
    return stage.ns->Kubectl(
        {"get", "deployment", "hello", "--ignore-not-found", "-o", "jsonpath={.metadata.uid}"});
  };
  const std::string before = uid();
  const int64_t mark = stage.Mark();
  two.MoveTo("other", two.here);
  stage.Deploy("two");
  REQUIRE(stage.AwaitEnd(kDev, 2).state == Status::HEALTHY);
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.database.Value("SELECT string_agg(DISTINCT cluster, ' ') AS v FROM inventory") ==
           "other";
  }));
  CHECK(uid() == before);
  CHECK(stage.Writes(mark) == 0);
}

}  // namespace
}  // namespace slipway::gitops
