#include <catch2/catch.hpp>

#include "libs/base/file.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
using Rule = slipway::pipeline::v1::HealthRule;

const AppEnvironment kDev = KubernetesStage::kDev;

void AddRule(const std::string& group, Rule::State state, const std::string& phase,
             const std::string& message, slipway::pipeline::v1::KubernetesTarget& cluster) {
  Rule& rule = *cluster.add_health_rules();
  rule.set_group(group);
  rule.set_kind("Db");
  rule.set_state(state);
  rule.set_message(message);
  auto& condition = *rule.add_when();
  condition.set_path("status.phase");
  condition.add_in(phase);
}

TEST_CASE("a cluster's own rules say how healthy a custom resource is") {
  KubernetesStage stage;
  const std::string group = stage.ns->name() + ".test";
  slipway::pipeline::v1::KubernetesTarget cluster;
  cluster.mutable_kubeconfig()->set_value(*ReadFile(stage.proxy.kubeconfig()));
  AddRule(group, Rule::DEGRADED, "Broken", "the database is broken: {status.why}", cluster);
  AddRule(group, Rule::PROGRESSING, "Growing", "grows", cluster);
  AddRule(group, Rule::HEALTHY, "Ready", "", cluster);
  stage.pipeline.SetCluster("test", cluster);
  stage.Restart();

  const std::string crd = "dbs." + group;
  stage.ns->Apply(
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " +
      crd + "}\nspec:\n  group: " + group +
      "\n  scope: Namespaced\n  names: {kind: Db, plural: dbs, singular: db}\n"
      "  versions:\n  - name: v1\n    served: true\n    storage: true\n"
      "    subresources: {status: {}}\n"
      "    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: "
      "true}}\n");
  REQUIRE(stage.ns->WaitFor("crd/" + crd, "condition=Established"));
  const auto set_status = [&](const std::string& status) {
    stage.ns->Kubectl({"patch", crd, "x", "--subresource=status", "--type=merge", "-p",
                       R"({"status": )" + status + "}"});
  };
  const auto is = [&](Health health) {
    return KubernetesStage::Eventually([&] { return stage.Environment(kDev).health == health; });
  };
  const auto db = [&](int size) {
    return "apiVersion: " + group +
           "/v1\nkind: Db\nmetadata: {name: x}\nspec: {size: " + std::to_string(size) + "}\n";
  };
  stage.Commit(kDev, {{"db.yaml", db(1)}});
  REQUIRE(stage.AwaitSynced(kDev));

  // The condition would make it progressing by the built-in rules.
  const std::string unready = R"("conditions": [{"type": "Ready", "status": "False"}])";
  set_status(R"({"phase": "Growing", )" + unready + "}");
  CHECK(is(Status::STARTING));
  set_status(R"({"phase": "Ready", )" + unready + "}");
  CHECK(is(Status::RUNNING));
  set_status(R"({"phase": "Broken", "why": "no disk", )" + unready + "}");
  CHECK(is(Status::DEGRADED));
  const auto desired = stage.process->syncer.Desired(kDev);
  REQUIRE(desired.ok());
  const auto seen = stage.target->Observe(*desired);
  REQUIRE(seen.ok());
  CHECK(seen->reason ==
        "Db." + group + " " + stage.ns->name() + "/x: the database is broken: no disk");

  // What was said of an earlier generation counts no more.
  set_status(R"({"phase": "Ready", "observedGeneration": 1})");
  CHECK(is(Status::RUNNING));
  stage.Commit(kDev, {{"db.yaml", db(2)}});
  CHECK(is(Status::STARTING));
  set_status(R"({"phase": "Ready", "observedGeneration": 2})");
  CHECK(is(Status::RUNNING));
  stage.ns->Kubectl({"delete", "crd", crd, "--wait=false"});
}

}  // namespace
}  // namespace slipway::gitops
