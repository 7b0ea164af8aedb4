#include <catch2/catch.hpp>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = KubernetesStage::kDev;

std::string ConfigMap(const std::string& name, const std::string& key, const std::string& other) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {key: \"" + key +
         "\", other: \"" + other + "\"}\n";
}

std::string ValueOf(const KubernetesStage& stage, const std::string& name, const char* key) {
  const boost::json::value object = stage.ns->Get("configmap", name);
  if (!object.is_object()) return "(none)";
  const auto* value = object.at("data").as_object().if_contains(key);
  return value == nullptr ? "(none)" : std::string(value->as_string());
}

// A stage where an image was deployed whose app leaves these fields to others.
struct IgnoringStage : KubernetesStage {
  explicit IgnoringStage(const slipway::pipeline::v1::IgnoreDifference& rule) {
    Leave(&rule);
    Deploy("one");
    const Deployment one = AwaitEnd(kDev, 1);
    INFO(one.reason);
    REQUIRE(one.state == Status::HEALTHY);
  }

  // What deployments from now on leave to others.
  void Leave(const slipway::pipeline::v1::IgnoreDifference* rule) {
    FakePipeline::Pipeline definition;
    definition.cluster = "test";
    definition.k8s_namespace = ns->name();
    definition.deploy.set_port(8080);
    definition.deploy.set_replicas(1);
    if (rule != nullptr) *definition.deploy.add_ignore_differences() = *rule;
    pipeline.Set(kDev, definition);
  }

  std::string Replicas() const {
    return ns->Kubectl({"get", "deployment", "hello", "-o", "jsonpath={.spec.replicas}"});
  }
  void Scale(int replicas) const {
    ns->Kubectl({"scale", "deployment", "hello", "--replicas=" + std::to_string(replicas)});
    REQUIRE(ns->WaitFor("deployment/hello",
                        "jsonpath={.status.readyReplicas}=" + std::to_string(replicas)));
  }
  // What really writes, by resource.
  int64_t RealWrites(int64_t mark, const std::string& resource) {
    constexpr char kWriting[] = "PATCH|PUT|POST|DELETE";
    return proxy.Requests({.resource = resource, .method = kWriting, .since = mark}).count -
           proxy
               .Requests(
                   {.resource = resource, .method = kWriting, .path = "dryRun", .since = mark})
               .count;
  }
  int64_t DryRuns(int64_t mark, const std::string& resource) {
    return proxy.Requests({.resource = resource, .path = "dryRun", .since = mark}).count;
  }
};

slipway::pipeline::v1::IgnoreDifference Pointer(const std::string& kind,
                                                const std::string& pointer) {
  slipway::pipeline::v1::IgnoreDifference rule;
  rule.set_kind(kind);
  rule.add_json_pointers(pointer);
  return rule;
}

TEST_CASE("replicas that others set are no drift, and outlive the next commits") {
  const auto rule = Pointer("Deploy*", "/spec/replicas");
  IgnoringStage stage(rule);
  REQUIRE(stage.Replicas() == "1");
  const int64_t mark = stage.Mark();
  stage.Scale(2);
  // The first change takes the field from us, so the server is asked whether anything is to be
  // done.
  REQUIRE(KubernetesStage::Eventually([&] { return stage.DryRuns(mark, "deployments.apps") > 0; }));
  REQUIRE(KubernetesStage::Eventually(
      [&] { return stage.Environment(kDev).health == Status::RUNNING; }));
  stage.Scale(3);
  // Drift of another object shows that the process looks.
  const int64_t later = stage.Mark();
  stage.ns->Kubectl({"patch", "service", "hello", "--type=json", "-p",
                     R"([{"op": "remove", "path": "/metadata/annotations"}])"});
  REQUIRE(KubernetesStage::Eventually([&] { return stage.RealWrites(later, "services") > 0; }));
  CHECK(stage.Replicas() == "3");
  CHECK(stage.RealWrites(mark, "deployments.apps") == 0);
  CHECK(stage.DryRuns(later, "deployments.apps") == 0);
  CHECK(stage.Environment(kDev).drift.find("Deployment") == std::string::npos);

  stage.Deploy("two");
  const Deployment two = stage.AwaitEnd(kDev, 2);
  INFO(two.reason);
  REQUIRE(two.state == Status::HEALTHY);
  CHECK(stage.Replicas() == "3");
  CHECK(stage.ns->Kubectl({"get", "deployment", "hello", "-o",
                           "jsonpath={.spec.template.spec.containers[0].image}"}) ==
        two.image.reference);
  const auto desired = stage.process->syncer.Desired(kDev);
  REQUIRE(desired.ok());
  const auto diff = stage.target->Diff(*desired);
  REQUIRE(diff.ok());
  INFO(diff->DebugString());
  CHECK(diff->objects_size() == 0);

  // A deployment without the rule puts them back.
  stage.Leave(nullptr);
  stage.Deploy("three");
  REQUIRE(stage.AwaitEnd(kDev, 3).state == Status::HEALTHY);
  CHECK(stage.Replicas() == "1");
}

TEST_CASE("a field that is left to others stays so for commits by hand and after a restart") {
  IgnoringStage stage(Pointer("ConfigMap", "/data/key"));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.ns->Kubectl({"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "9"}})"});
  stage.Restart();
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2", "2")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(ValueOf(stage, "a", "key") == "9");
  CHECK(ValueOf(stage, "a", "other") == "2");
  // What is not left to them is put back as ever.
  stage.ns->Kubectl(
      {"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "8", "other": "8"}})"});
  REQUIRE(KubernetesStage::Eventually([&] { return ValueOf(stage, "a", "other") == "2"; }));
  CHECK(ValueOf(stage, "a", "key") == "8");
  // Anew it is as Git says.
  stage.ns->Kubectl({"delete", "configmap", "a"});
  REQUIRE(KubernetesStage::Eventually([&] { return ValueOf(stage, "a", "key") == "2"; }));
}

TEST_CASE("what a field manager owns is left to it, and what others change is put back") {
  slipway::pipeline::v1::IgnoreDifference rule;
  rule.set_group("core");
  rule.set_name("a*");
  rule.add_managed_fields_managers("tuner");
  IgnoringStage stage(rule);
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1", "1")}, {"b.yaml", ConfigMap("b", "1", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const auto patch = [&](const char* name, const char* manager, const char* data) {
    stage.ns->Kubectl({"patch", "configmap", name, "--type=merge",
                       std::string("--field-manager=") + manager, "-p",
                       R"({"data": )" + std::string(data) + "}"});
  };
  patch("a", "tuner", R"({"key": "9"})");
  patch("b", "tuner", R"({"key": "9"})");
  REQUIRE(KubernetesStage::Eventually([&] { return ValueOf(stage, "b", "key") == "1"; }));
  patch("a", "somebody", R"({"other": "9"})");
  REQUIRE(KubernetesStage::Eventually([&] { return ValueOf(stage, "a", "other") == "1"; }));
  CHECK(ValueOf(stage, "a", "key") == "9");
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2", "2")}, {"b.yaml", ConfigMap("b", "1", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(ValueOf(stage, "a", "key") == "9");
  CHECK(ValueOf(stage, "a", "other") == "2");
}

TEST_CASE("our own marks are never left to others") {
  IgnoringStage stage(Pointer("ConfigMap", "/metadata/labels"));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.ns->Kubectl({"label", "configmap", "a", "team=x"});
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2", "2")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(ValueOf(stage, "a", "key") == "2");
  const auto labels = stage.ns->Get("configmap", "a").at("metadata").at("labels").as_object();
  CHECK(labels.contains("slipway.dev/managed-by"));
  CHECK(labels.at("team") == "x");
}

}  // namespace
}  // namespace slipway::gitops
