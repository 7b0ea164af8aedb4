// A sync of several stages on the real API server: it is rehearsed before its first write, and a
// stage that can't get ready ends it.
#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};

std::string Wave(int wave) {
  return "{argocd.argoproj.io/sync-wave: \"" + std::to_string(wave) + "\"}\n";
}

std::string ConfigMap(const std::string& name, int wave) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name +
         "\n  annotations: " + Wave(wave) + "data: {key: v}\n";
}

std::string Service(const std::string& name, int wave, int port) {
  return "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + name +
         "\n  annotations: " + Wave(wave) +
         "spec:\n  selector: {a: b}\n  ports: [{port: " + std::to_string(port) + "}]\n";
}

// Of wave -1, which is given up by its controller after a second.
std::string Migration(const std::string& behaviour) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: first\n  annotations: " +
         Wave(-1) +
         "spec:\n  replicas: 1\n  progressDeadlineSeconds: 1\n  selector: {matchLabels: {a: b}}\n"
         "  template:\n    metadata: {labels: {a: b}, annotations: {" +
         (behaviour.empty() ? "" : "kubelet.test/behaviour: " + behaviour) +
         "}}\n    spec: {containers: [{name: w, image: registry.test/w}]}\n";
}

TEST_CASE("what the server refuses in a later stage fails before anything of the first is there") {
  KubernetesStage stage;
  const int64_t mark = stage.Mark();
  const Deployment bad = stage.DeployFiles(
      {{"first.yaml", ConfigMap("first", -1)}, {"bad.yaml", Service("bad", 1, 70'000)}});
  const Deployment failed = stage.AwaitEnd(kDev, bad.number);
  INFO(failed.reason);
  CHECK(failed.state == Status::FAILED);
  CHECK(failed.reason.find("nothing is applied: apply Service " + stage.ns->name() + "/bad") == 0);
  CHECK(failed.reason.find("spec.ports[0].port") != std::string::npos);
  CHECK(!stage.Exists("configmap", "first"));
  CHECK(stage.Writes(mark) == 0);
  CHECK(stage.database.Value("SELECT count(*)::text AS v FROM inventory") == "0");

  const Deployment good = stage.DeployFiles(
      {{"first.yaml", ConfigMap("first", -1)}, {"bad.yaml", Service("bad", 1, 7'000)}});
  CHECK(stage.AwaitEnd(kDev, good.number).state == Status::HEALTHY);
  CHECK(stage.Exists("configmap", "first"));
  CHECK(stage.Exists("service", "bad"));
}

TEST_CASE("a rehearsal that gets no answer is begun anew, and nothing is written until then") {
  KubernetesStage stage;
  stage.proxy.AddRule(
      {{"path", "services/.*dryRun=All"}, {"times", 3}, {"answer", {{"status", 503}}}});
  const int64_t mark = stage.Mark();
  const Deployment one = stage.DeployFiles(
      {{"first.yaml", ConfigMap("first", -1)}, {"last.yaml", Service("last", 1, 7'000)}});
  REQUIRE(stage.AwaitEnd(kDev, one.number).state == Status::HEALTHY);
  bool rehearsed = false;
  for (const boost::json::value& request :
       stage.proxy.Requests({.method = "PATCH", .since = mark}).requests) {
    const bool dry = request.at("path").as_string().find("dryRun=All") != std::string::npos;
    const bool taken = request.at("status").to_number<int>() < 300;
    if (!dry) CHECK(rehearsed);
    if (dry && taken && request.at("resource") == "services") rehearsed = true;
  }
}

TEST_CASE("a stage that stays degraded fails its deployment, and a newer commit goes on") {
  KubernetesStage stage({.sync = {.degraded_grace = absl::Seconds(1)}});
  const Deployment stuck = stage.DeployFiles(
      {{"first.yaml", Migration("image-pull")}, {"second.yaml", ConfigMap("second", 0)}});
  const Deployment failed = stage.AwaitEnd(kDev, stuck.number);
  INFO(failed.reason);
  CHECK(failed.state == Status::FAILED);
  CHECK(failed.reason.find("stopped at Deployment " + stage.ns->name() + "/first: ") == 0);
  CHECK(!stage.Exists("configmap", "second"));
  const Deployment mended =
      stage.DeployFiles({{"first.yaml", Migration("")}, {"second.yaml", ConfigMap("second", 0)}});
  CHECK(stage.AwaitEnd(kDev, mended.number).state == Status::HEALTHY);
  CHECK(stage.Exists("configmap", "second"));
}

TEST_CASE("a stage that is degraded for less than its grace is waited for") {
  KubernetesStage stage({.sync = {.degraded_grace = absl::Seconds(60)}});
  const Deployment one = stage.DeployFiles(
      {{"first.yaml", Migration("unready")}, {"second.yaml", ConfigMap("second", 0)}});
  stage.Await(kDev, one.number, [&](const Deployment& deployment) {
    return deployment.state == Status::SYNCING &&
           deployment.reason.find("waiting for Deployment " + stage.ns->name() + "/first") == 0;
  });
  REQUIRE(
      stage.ns->WaitForOutput({"get", "deployment", "first", "-o",
                               "jsonpath={.status.conditions[?(@.type==\"Progressing\")].reason}"},
                              "ProgressDeadlineExceeded"));
  CHECK(!stage.Exists("configmap", "second"));
  stage.ns->Kubectl({"annotate", "pods", "--all", "kubelet.test/behaviour-"});
  CHECK(stage.AwaitEnd(kDev, one.number).state == Status::HEALTHY);
  CHECK(stage.Exists("configmap", "second"));
}

TEST_CASE("a newer commit does not wait for the stage that an older one waits for") {
  KubernetesStage stage;
  const Deployment stuck = stage.DeployFiles(
      {{"first.yaml", Migration("image-pull")}, {"second.yaml", ConfigMap("second", 0)}});
  stage.Await(kDev, stuck.number, [&](const Deployment& deployment) {
    return deployment.reason.find("waiting for Deployment " + stage.ns->name() + "/first") == 0;
  });
  const absl::Time pushed = absl::Now();
  const Deployment fix =
      stage.DeployFiles({{"first.yaml", Migration("")}, {"second.yaml", ConfigMap("second", 0)}});
  CHECK(stage.AwaitEnd(kDev, fix.number).state == Status::HEALTHY);
  CHECK(stage.AwaitEnd(kDev, stuck.number).state == Status::SUPERSEDED);
  CHECK(absl::Now() - pushed < absl::Seconds(10));
}

}  // namespace
}  // namespace slipway::gitops
