#include <catch2/catch.hpp>
#include <map>

#include "libs/base/file.h"
#include "libs/db/run_tx.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = KubernetesStage::kDev;

std::string ConfigMap(const std::string& name, const std::string& value,
                      const std::string& annotations = "") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" +
         (annotations.empty() ? "" : "  annotations: {" + annotations + "}\n") +
         "data:\n  key: \"" + value + "\"\n";
}

std::string KeyOf(const KubernetesStage& stage, const std::string& name) {
  const boost::json::value object = stage.ns->Get("configmap", name);
  if (!object.is_object()) return "(none)";
  return std::string(object.at("data").at("key").as_string());
}

TEST_CASE("an image is deployed to a cluster, gets healthy, and its next version replaces it") {
  KubernetesStage stage;
  stage.Deploy("one");
  const absl::Time announced = absl::Now();
  const Deployment one = stage.AwaitEnd(kDev, 1);
  INFO(one.reason);
  REQUIRE(one.state == Status::HEALTHY);
  WARN("image.created to healthy: " << absl::FormatDuration(*one.ended - announced));
  CHECK(one.cluster == "test");
  CHECK(stage.Journal(one.Name()) ==
        std::vector<std::string>{"deployment.created", "deployment.committing", "deployment.pushed",
                                 "deployment.applied", "deployment.healthy"});
  const auto live = stage.ns->Get("deployment", "hello");
  REQUIRE(live.is_object());
  CHECK(live.at("spec").at("template").at("spec").at("containers").at(0).at("image") ==
        one.image.reference.c_str());
  CHECK(stage.Exists("service", "hello"));

  stage.Deploy("two");
  const Deployment two = stage.AwaitEnd(kDev, 2);
  INFO(two.reason);
  REQUIRE(two.state == Status::HEALTHY);
  CHECK(stage.ns->Kubectl({"get", "deployment", "hello", "-o",
                           "jsonpath={.spec.template.spec.containers[0].image}"}) ==
        two.image.reference);
}

TEST_CASE("nothing is written when nothing changed, also after a restart") {
  KubernetesStage stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  const int64_t mark = stage.Mark();
  stage.process->syncer.Wake(kDev);
  stage.Restart();
  // A change of another app shows that the new process works.
  const AppEnvironment other = {"demo", "other", "dev"};
  stage.MakeApp(other);
  stage.Commit(other, {{"a.yaml", ConfigMap("a", "1")}});
  REQUIRE(stage.AwaitSynced(other));
  REQUIRE(KubernetesStage::Eventually(
      [&] { return stage.Environment(kDev).health == Status::RUNNING; }));
  const auto seen = stage.proxy.Requests({.method = "PATCH|PUT|POST|DELETE", .since = mark});
  CHECK(seen.count == 1);
  CHECK(seen.counts.count("apply configmaps") + seen.counts.count("patch configmaps") == 1);
}

TEST_CASE("a namespace that is not there is created, and stays when the app goes") {
  KubernetesStage stage;
  const std::string name = stage.ns->name() + "-new";
  FakePipeline::Pipeline definition;
  definition.cluster = "test";
  definition.k8s_namespace = name;
  stage.pipeline.Set(kDev, definition);
  stage.Deploy("one");
  const Deployment one = stage.AwaitEnd(kDev, 1);
  INFO(one.reason);
  CHECK(one.state == Status::HEALTHY);
  std::stop_source stop;
  REQUIRE(KubernetesStage::Eventually([&] {
    db::RunTx(stage.database.pool(), "test.remove", absl::Seconds(5), [](db::Tx& tx) {
      return environments::SetRemoved(tx, kDev);
    }).IgnoreError();
    return stage.process->syncer.Remove(kDev, stop.get_token()).ok();
  }));
  CHECK(stage.ns->cluster().Kubectl({"get", "deployment", "hello", "-n", name}).ok() == false);
  CHECK(stage.ns->cluster().Kubectl({"get", "namespace", name}).ok());
  stage.ns->cluster().Kubectl({"delete", "namespace", name, "--wait=false"});
}

TEST_CASE("what leaves the folder leaves the cluster, and what others made stays") {
  KubernetesStage stage;
  stage.ns->Apply(ConfigMap("foreign", "1"));
  stage.Commit(kDev,
               {{"a.yaml", ConfigMap("a", "1")},
                {"b.yaml", ConfigMap("b", "1")},
                {"c.yaml", ConfigMap("c", "1", "argocd.argoproj.io/sync-options: Prune=false")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(KeyOf(stage, "b") == "1");
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(KeyOf(stage, "a") == "2");
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "b"); }));
  CHECK(stage.Exists("configmap", "c"));
  CHECK(stage.Exists("configmap", "foreign"));
}

TEST_CASE("drift is put back at once, and fields of others are left alone") {
  KubernetesStage stage;
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.ns->Kubectl({"patch", "configmap", "a", "--type=merge", "-p",
                     R"({"data": {"theirs": "x"}, "metadata": {"labels": {"team": "y"}}})"});
  absl::Time changed = absl::Now();
  stage.ns->Kubectl({"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "9"}})"});
  REQUIRE(KubernetesStage::Eventually([&] { return KeyOf(stage, "a") == "1"; }));
  WARN("changed to put back, kubectl included: " << absl::FormatDuration(absl::Now() - changed));
  changed = absl::Now();
  stage.ns->Kubectl({"delete", "configmap", "a"});
  REQUIRE(KubernetesStage::Eventually([&] { return KeyOf(stage, "a") == "1"; }));
  WARN("deleted to there again, kubectl included: " << absl::FormatDuration(absl::Now() - changed));
}

TEST_CASE("foreign fields survive and foreign changes of status cause no call") {
  KubernetesStage stage;
  stage.Deploy("one");
  REQUIRE(stage.AwaitEnd(kDev, 1).state == Status::HEALTHY);
  const int64_t mark = stage.Mark();
  for (int i = 0; i < 20; ++i) {
    stage.ns->Kubectl(
        {"annotate", "--overwrite", "deployment", "hello", "theirs=" + std::to_string(i)});
  }
  CHECK(stage.ns->Kubectl({"get", "deployment", "hello", "-o",
                           "jsonpath={.metadata.annotations.theirs}"}) == "19");
  const auto seen = stage.proxy.Requests({.since = mark});
  INFO(boost::json::serialize(seen.requests));
  CHECK(seen.count == 0);
}

TEST_CASE("an object belongs to one app, and changes hands when its owner drops it") {
  KubernetesStage stage;
  const AppEnvironment other = {"demo", "other", "dev"};
  stage.MakeApp(other);
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}, {"own.yaml", ConfigMap("own", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  const std::string uid =
      stage.ns->Kubectl({"get", "configmap", "a", "-o", "jsonpath={.metadata.uid}"});
  stage.Commit(other, {{"a.yaml", ConfigMap("a", "2")}});
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.Environment(other).drift.find("belongs to demo/hello/dev") != std::string::npos;
  }));
  CHECK(KeyOf(stage, "a") == "1");
  stage.Commit(kDev, {{"own.yaml", ConfigMap("own", "1")}});
  REQUIRE(stage.AwaitSynced(other));
  CHECK(KeyOf(stage, "a") == "2");
  CHECK(stage.ns->Kubectl({"get", "configmap", "a", "-o", "jsonpath={.metadata.uid}"}) == uid);
}

TEST_CASE("what keeps a deployment from getting healthy is named, by its pods too") {
  KubernetesStage stage;
  FakePipeline::Pipeline definition;
  definition.cluster = "test";
  definition.k8s_namespace = stage.ns->name();
  (*definition.deploy.mutable_env())["KUBELET_TEST_BEHAVIOUR"] = "image-pull";
  stage.pipeline.Set(kDev, definition);
  stage.Deploy("one");
  CHECK(KubernetesStage::Eventually([&] {
    const auto one = stage.Find(kDev, 1);
    return one &&
           one->reason.find("waiting for Deployment " + stage.ns->name() + "/hello: ") == 0 &&
           one->reason.find("image pull back-off") != std::string::npos;
  }));
  const auto desired = stage.process->syncer.Desired(kDev);
  REQUIRE(desired.ok());
  const auto tree = stage.target->Tree(*desired);
  REQUIRE(tree.ok());
  INFO(tree->DebugString());
  std::map<std::string, std::string> kinds;
  for (const auto& node : tree->nodes()) kinds[node.kind()] = node.health();
  CHECK(kinds.at("Deployment") == "Progressing");
  CHECK(kinds.contains("ReplicaSet"));
  CHECK(kinds.at("Pod") == "Degraded");
}

TEST_CASE("a diff says what a sync would do, with secrets masked, and writes nothing") {
  KubernetesStage stage;
  const std::string secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: ";
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")},
                      {"b.yaml", ConfigMap("b", "1")},
                      {"s.yaml", secret + "first-value}\n"}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.process->Stop();
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")},
                      {"c.yaml", ConfigMap("c", "1")},
                      {"s.yaml", secret + "second-value}\n"}});
  const int64_t mark = stage.Mark();
  const auto desired = stage.process->syncer.Desired(kDev);
  REQUIRE(desired.ok());
  const auto diff = stage.target->Diff(*desired);
  INFO(diff.status());
  REQUIRE(diff.ok());
  INFO(diff->DebugString());
  std::map<std::string, std::string> changes;
  for (const auto& object : diff->objects()) {
    changes[object.object()] = v1::ObjectDiff::Change_Name(object.change());
  }
  const std::string ns = stage.ns->name() + "/";
  CHECK(changes == std::map<std::string, std::string>{{"ConfigMap " + ns + "a", "UPDATE"},
                                                      {"ConfigMap " + ns + "b", "DELETE"},
                                                      {"ConfigMap " + ns + "c", "CREATE"},
                                                      {"Secret " + ns + "s", "UPDATE"}});
  CHECK(diff->DebugString().find("value") == std::string::npos);
  CHECK(KeyOf(stage, "a") == "1");
  CHECK(stage.proxy.Requests({.method = "POST|DELETE", .since = mark}).count == 0);
}

TEST_CASE("a cluster is checked stage by stage") {
  KubernetesStage stage;
  const auto good = stage.target->Check("test");
  REQUIRE(good.ok());
  INFO(good->DebugString());
  CHECK(good->ok());
  CHECK(good->stages_size() == 4);
  CHECK(good->version().find("v1.") == 0);

  slipway::pipeline::v1::KubernetesTarget limited;
  limited.mutable_kubeconfig()->set_value(*ReadFile(stage.ns->RestrictedKubeconfig()));
  stage.pipeline.SetCluster("limited", limited);
  const auto less = stage.target->Check("limited");
  REQUIRE(less.ok());
  INFO(less->DebugString());
  CHECK(!less->ok());
  CHECK(less->stages(less->stages_size() - 1).name() == "rights");
  CHECK(!less->stages(less->stages_size() - 1).remedy().empty());

  slipway::pipeline::v1::KubernetesTarget wrong;
  wrong.set_server("https://127.0.0.1:1");
  wrong.mutable_token()->set_value("t");
  stage.pipeline.SetCluster("wrong", wrong);
  const auto bad = stage.target->Check("wrong");
  REQUIRE(bad.ok());
  CHECK(!bad->ok());
  CHECK(bad->stages(bad->stages_size() - 1).name() == "reach");
  CHECK(absl::IsNotFound(stage.target->Check("none").status()));
  CHECK(absl::IsFailedPrecondition(stage.target->Check("local").status()));
}

TEST_CASE("an account with rights in one namespace only is enough") {
  KubernetesStage stage;
  slipway::pipeline::v1::KubernetesTarget limited;
  limited.mutable_kubeconfig()->set_value(*ReadFile(stage.ns->RestrictedKubeconfig()));
  stage.pipeline.SetCluster("test", limited);
  stage.Restart();
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.ns->Kubectl({"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "9"}})"});
  CHECK(KubernetesStage::Eventually([&] { return KeyOf(stage, "a") == "1"; }));
  stage.Restart();
  stage.ns->Kubectl({"delete", "configmap", "a"});
  CHECK(KubernetesStage::Eventually([&] { return KeyOf(stage, "a") == "1"; }));
}

TEST_CASE("a project's objects are applied with the rights of whom it names") {
  KubernetesStage stage;
  const std::string user = "system:serviceaccount:" + stage.ns->name() + ":default";
  slipway::pipeline::v1::ProjectSpec project;
  project.mutable_limits()->set_impersonate(user);
  stage.pipeline.SetProject("demo", project);
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}, {"b.yaml", ConfigMap("b", "1")}});
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.Environment(kDev).drift.find("\"" + user + "\" cannot patch") != std::string::npos;
  }));
  CHECK(!stage.Exists("configmap", "a"));
  stage.ns->Kubectl({"create", "rolebinding", "deployer", "--clusterrole=edit",
                     "--serviceaccount=" + stage.ns->name() + ":default"});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(KeyOf(stage, "a") == "1");
  // Who applied an object may be without rights when it has to go.
  stage.ns->Kubectl({"delete", "rolebinding", "deployer"});
  stage.Commit(kDev, {{"b.yaml", ConfigMap("b", "1")}});
  CHECK(KubernetesStage::Eventually([&] { return !stage.Exists("configmap", "a"); }));
}

TEST_CASE("a manifest that the server refuses fails with its object and field") {
  KubernetesStage stage;
  FakePipeline::Pipeline definition;
  definition.cluster = "test";
  definition.k8s_namespace = stage.ns->name();
  definition.deploy.set_port(70'000);
  stage.pipeline.Set(kDev, definition);
  stage.Deploy("one");
  const Deployment one = stage.AwaitEnd(kDev, 1);
  CHECK(one.state == Status::FAILED);
  INFO(one.reason);
  CHECK(one.reason.find("Service " + stage.ns->name() + "/hello") != std::string::npos);
  CHECK(one.reason.find("spec.ports[0].port") != std::string::npos);
}

}  // namespace
}  // namespace slipway::gitops
