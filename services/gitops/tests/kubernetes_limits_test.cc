// Manifests that a project does not allow: whatever form they come in, the server gets no request
// for any object of their app.
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

namespace pipeline_pb = slipway::pipeline::v1;
using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};

std::string ConfigMap(const std::string& name, const std::string& ns = "") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name +
         (ns.empty() ? "" : ", namespace: " + ns) + "}\ndata: {key: v}\n";
}

std::string Binding(const std::string& name) {
  return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: " +
         name +
         "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "
         "cluster-admin}\nsubjects: [{kind: ServiceAccount, name: default, namespace: default}]\n";
}

std::string Job(const std::string& ns, const std::string& name) {
  return "apiVersion: batch/v1\nkind: Job\nmetadata:\n  " + name + "\n  namespace: " + ns +
         "\n  annotations: {argocd.argoproj.io/hook: PreSync}\nspec:\n  template:\n    spec: "
         "{restartPolicy: Never, containers: [{name: m, image: registry.test/m}]}\n";
}

TEST_CASE("forbidden kinds and namespaces are refused before any request, and named") {
  KubernetesStage stage;
  const std::string own = stage.ns->name();
  pipeline_pb::ProjectSpec project;
  auto* place = project.mutable_limits()->add_destinations();
  place->set_cluster("test");
  place->set_namespace_(own);
  project.mutable_limits()->add_namespace_resource_blacklist()->set_kind("ResourceQuota");
  stage.pipeline.SetProject("demo", project);
  stage.Tell("project.changed", "projects/demo");

  const std::string place_field = "spec.limits.destinations of project demo";
  const std::string cluster_field = "spec.limits.clusterResourceWhitelist of project demo";
  const std::string binding = "evil-" + own;
  const std::vector<std::pair<std::string, std::string>> forbidden = {
      {ConfigMap("x", "kube-system"), place_field},
      {Binding(binding), cluster_field},
      {"apiVersion: v1\nkind: Namespace\nmetadata: {name: " + binding + "}\n", cluster_field},
      {"apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: x}\nspec: {hard: {pods: 0}}\n",
       "spec.limits.namespaceResourceBlacklist of project demo"},
      // Among others of a file, and within a list.
      {ConfigMap("fine") + "---\n" + ConfigMap("x", "default"), place_field},
      {"{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x, "
       "namespace: default}}]}\n",
       place_field},
      {"{apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: "
       "{name: x, namespace: default}}]}\n",
       place_field},
      // As hooks, which are no part of what is kept.
      {Job("kube-system", "name: x"), place_field},
      {Job("kube-system", "generateName: x-"), place_field},
      // What a sync leaves out is not let through by that.
      {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: \" kube-system\"}\n",
       "kube-system"},
  };
  for (const auto& [manifest, limit] : forbidden) {
    INFO(manifest);
    const int64_t mark = stage.Mark();
    const Deployment refused =
        stage.DeployFiles({{"a.yaml", ConfigMap("a")}, {"bad.yaml", manifest}});
    const Deployment ended = stage.AwaitEnd(kDev, refused.number);
    CHECK(ended.state == Status::FAILED);
    INFO(ended.reason);
    CHECK(ended.reason.find(limit) != std::string::npos);
    CHECK(stage.proxy.Requests({.method = "PATCH|PUT|POST|DELETE", .since = mark}).count == 0);
  }
  CHECK(!stage.Exists("configmap", "a"));
  CHECK(!stage.ns->cluster().Kubectl({"get", "clusterrolebinding", binding}).ok());

  // A commit that somebody makes by hand is no way around.
  const int64_t mark = stage.Mark();
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a")}, {"bad.yaml", Binding(binding)}});
  REQUIRE(KubernetesStage::Eventually(
      [&] { return stage.Environment(kDev).drift.find(cluster_field) != std::string::npos; }));
  CHECK(stage.Writes(mark) == 0);
  // Once the limit is gone.
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a")}});
  CHECK(stage.AwaitSynced(kDev));
}

}  // namespace
}  // namespace slipway::gitops
