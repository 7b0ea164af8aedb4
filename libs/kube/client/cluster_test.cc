// Against a real API server (tests/cluster).

#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <set>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/json/json.h"
#include "libs/kube/client/apply.h"
#include "libs/kube/client/discovery.h"
#include "libs/kube/client/fake_api_server.h"
#include "libs/kube/client/json_scan.h"
#include "libs/kube/client/reflector.h"
#include "tests/cluster/testing/fault_proxy.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::kube {
namespace {

using cluster_testing::FaultProxy;
using cluster_testing::TestCluster;
using cluster_testing::TestNamespace;

ClusterAccess AccessOf(const std::string& kubeconfig) {
  const auto text = ReadFile(kubeconfig);
  REQUIRE(text.ok());
  const auto access = ParseKubeconfig(*text);
  INFO(MessageOf(access.status()));
  REQUIRE(access.ok());
  return *access;
}

// All that is on one cluster.
struct Kube {
  explicit Kube(const std::string& kubeconfig, Client::Options options = {})
      : client(Client::Create(AccessOf(kubeconfig), options).value()),
        discovery(*client),
        dispatcher(*client, {}),
        api(dispatcher) {}

  Target At(const std::string& group, const std::string& kind, const std::string& ns,
            const std::string& name) {
    const auto info = discovery.Find(group, "", kind);
    INFO(MessageOf(info.status()));
    REQUIRE(info.ok());
    return {.resource = *info, .ns = ns, .name = name};
  }

  std::unique_ptr<Client> client;
  Discovery discovery;
  Dispatcher dispatcher;
  ObjectApi api;
};

std::string ConfigMapJson(const std::string& name, const std::string& value) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
         R"(","labels":{"test":"yes"}},"data":{"key":")" + value + R"("}})";
}

std::string DeploymentJson(const std::string& name, const std::string& app, int replicas) {
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name +
         R"("},"spec":{"replicas":)" + std::to_string(replicas) +
         R"(,"selector":{"matchLabels":{"app":")" + app +
         R"("}},"template":{"metadata":{"labels":{"app":")" + app +
         R"("}},"spec":{"containers":[{"name":"c","image":"x"}]}}}})";
}

std::string Text(const Answer& answer, std::string_view path) {
  const auto body = json::Parse(answer.body);
  return body.ok() ? json::GetString(*body, path).value_or("") : "";
}

class Recorder : public ReflectorHandler {
 public:
  void OnChange(Change change, const ObjectView& object) override {
    constexpr char kSign[] = "+~-";
    told.Push(std::string(1, kSign[static_cast<int>(change)]) + std::string(object.name));
    const std::lock_guard<std::mutex> lock(mu);
    if (change == Change::kDeleted) {
      objects.erase(std::string(object.uid));
    } else {
      objects[std::string(object.uid)] = std::string(object.json);
    }
  }
  void OnSynced() override { synced.Push(true); }
  void OnTrouble(const absl::Status& problem) override { troubles.Push(problem); }
  std::set<std::string> Names() {
    const std::lock_guard<std::mutex> lock(mu);
    std::set<std::string> names;
    for (const auto& [uid, text] : objects) {
      names.insert(scan::String(scan::Field(scan::Field(text, "metadata"), "name")));
    }
    return names;
  }

  Queue<std::string> told;
  Queue<bool> synced;
  Queue<absl::Status> troubles;
  std::mutex mu;
  std::map<std::string, std::string> objects;
};

}  // namespace

TEST_CASE("a real server shows its kinds by aggregated discovery") {
  const TestCluster cluster;
  Kube kube(cluster.Kubeconfig("slipway"));
  const uint64_t before = kube.client->requests();
  const auto deployment = kube.discovery.Find("apps", "", "Deployment");
  REQUIRE(deployment.ok());
  CHECK(deployment->resource == "deployments");
  CHECK(deployment->Can("patch"));
  CHECK(kube.client->requests() - before == 2);
  CHECK(!kube.discovery.Find("rbac.authorization.k8s.io", "v1", "ClusterRole")->namespaced);
  CHECK(kube.discovery.Find("autoscaling", "", "HorizontalPodAutoscaler")->gvk.version == "v2");
  CHECK_THAT(MessageOf(kube.discovery.Find("apps", "v1", "Deploymnt").status()),
             Catch::Matchers::Contains("did you mean Deployment?"));
}

TEST_CASE("what is applied is there, and a second apply of the same writes nothing") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const Target target = kube.At("", "ConfigMap", ns.name(), "x");
  ObjectApi::ApplyOptions options;
  options.field_manager = "slipway-test";
  options.dry_run = true;
  CHECK(kube.api.Apply(target, ConfigMapJson("x", "1"), options).ok());
  CHECK(ns.Get("configmap", "x").is_null());
  options.dry_run = false;
  const Answer first = kube.api.Apply(target, ConfigMapJson("x", "1"), options);
  INFO(MessageOf(first.error));
  REQUIRE(first.ok());
  CHECK(first.http_status == 201);
  CHECK(Text(first, "metadata.managedFields[0].manager") == "slipway-test");
  const Answer second = kube.api.Apply(target, ConfigMapJson("x", "1"), options);
  REQUIRE(second.ok());
  CHECK(Text(second, "metadata.resourceVersion") == Text(first, "metadata.resourceVersion"));
  CHECK(*json::GetString(ns.Get("configmap", "x"), "data.key") == "1");
}

TEST_CASE("a real server's refusals are told apart") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const Target map = kube.At("", "ConfigMap", ns.name(), "x");
  const Target deployment = kube.At("apps", "Deployment", ns.name(), "x");
  CHECK(kube.api.Get(map, {}).outcome == Outcome::kNotFound);

  REQUIRE(kube.api.Apply(map, ConfigMapJson("x", "1"), {}).ok());
  CHECK(kube.api.Create(map, ConfigMapJson("x", "1"), {}).outcome == Outcome::kAlreadyExists);

  ObjectApi::ApplyOptions other;
  other.field_manager = "other";
  other.force = false;
  const Answer conflict = kube.api.Apply(map, ConfigMapJson("x", "2"), other);
  CHECK(conflict.outcome == Outcome::kConflict);
  CHECK(!conflict.status.causes.empty());

  const Answer typed = kube.api.Apply(
      map, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dota":{}})", {});
  CHECK(typed.outcome == Outcome::kInvalid);
  CHECK(typed.http_status == 500);

  REQUIRE(kube.api.Apply(deployment, DeploymentJson("x", "one", 0), {}).ok());
  CHECK(kube.api.Apply(deployment, DeploymentJson("x", "two", 0), {}).outcome ==
        Outcome::kImmutable);
  const Answer negative = kube.api.Apply(deployment, DeploymentJson("x", "one", -1), {});
  CHECK(negative.outcome == Outcome::kInvalid);
  REQUIRE(!negative.status.causes.empty());
  CHECK(negative.status.causes[0].field == "spec.replicas");

  const Target lost = kube.At("", "ConfigMap", ns.name() + "-none", "x");
  const Answer no_namespace = kube.api.Apply(lost, ConfigMapJson("x", "1"), {});
  CHECK(no_namespace.outcome == Outcome::kNotFound);
  CHECK(IsNamespaceMissing(no_namespace.status));

  Target unknown = map;
  unknown.resource.gvk.group = "no.such.group";
  const Answer no_kind = kube.api.Get(unknown, {});
  CHECK(no_kind.outcome == Outcome::kNotFound);
  CHECK(IsKindMissing(no_kind.status));
}

TEST_CASE("a namespace that does not end refuses new objects by name") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const std::string held =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","finalizers":["test/held"]}})";
  const Target target = kube.At("", "ConfigMap", ns.name(), "held");
  REQUIRE(kube.api.Apply(target, held, {}).ok());
  REQUIRE(kube.api.Delete(kube.At("", "Namespace", "", ns.name()), {}).ok());
  const Answer answer =
      kube.api.Apply(kube.At("", "ConfigMap", ns.name(), "y"), ConfigMapJson("y", "1"), {});
  CHECK(answer.outcome == Outcome::kNamespaceTerminating);
  ns.Kubectl(
      {"patch", "configmap", "held", "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
}

TEST_CASE("a deletion with another uid or version deletes nothing") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const Target target = kube.At("", "ConfigMap", ns.name(), "x");
  const Answer applied = kube.api.Apply(target, ConfigMapJson("x", "1"), {});
  REQUIRE(applied.ok());
  ObjectApi::DeleteOptions options;
  options.uid = "00000000-0000-0000-0000-000000000000";
  CHECK(kube.api.Delete(target, options).outcome == Outcome::kConflict);
  options.uid = Text(applied, "metadata.uid");
  options.resource_version = "1";
  CHECK(kube.api.Delete(target, options).outcome == Outcome::kConflict);
  options.resource_version = Text(applied, "metadata.resourceVersion");
  CHECK(kube.api.Delete(target, options).ok());
  CHECK(kube.api.Delete(target, options).outcome == Outcome::kNotFound);
}

TEST_CASE("rights are those of the credential, and of whom it impersonates") {
  const TestNamespace ns;
  const std::string body = ConfigMapJson("x", "1");
  Kube restricted(ns.RestrictedKubeconfig());
  const ResourceInfo maps =
      Kube(ns.cluster().Kubeconfig("slipway")).At("", "ConfigMap", ns.name(), "x").resource;
  const Target inside{.resource = maps, .ns = ns.name(), .name = "x"};
  const Target outside{.resource = maps, .ns = "default", .name = ns.name()};
  CHECK(restricted.api.Apply(inside, body, {}).ok());
  CHECK(restricted.api.Apply(outside, ConfigMapJson(ns.name(), "1"), {}).outcome ==
        Outcome::kForbidden);

  Kube kube(ns.cluster().Kubeconfig("slipway"));
  ObjectApi::ApplyOptions options;
  options.impersonate.user = "system:serviceaccount:" + ns.name() + ":default";
  const Answer refused = kube.api.Apply(inside, body, options);
  CHECK(refused.outcome == Outcome::kForbidden);
  CHECK_THAT(refused.status.message, Catch::Matchers::Contains(options.impersonate.user));

  ClusterAccess access = AccessOf(ns.cluster().Kubeconfig("slipway"));
  access.token = "wrong-token";
  const auto client = Client::Create(access, {}).value();
  Dispatcher dispatcher(*client, {});
  ObjectApi api(dispatcher);
  const Answer unknown = api.Get(inside, {});
  CHECK(unknown.outcome == Outcome::kUnauthorized);
  CHECK(unknown.error.ToString().find("wrong-token") == std::string::npos);
}

TEST_CASE("a server whose certificate is not the cluster's own is not spoken to") {
  const TestCluster cluster;
  ClusterAccess access = AccessOf(cluster.Kubeconfig("slipway"));
  Request request;
  request.path = "/version";
  CHECK(Client::Create(access, {}).value()->Do(request)->status == 200);
  ClusterAccess other = access;
  other.ca_pem.clear();  // the machine's authorities
  CHECK(Client::Create(other, {}).value()->Do(request).status().code() ==
        absl::StatusCode::kUnavailable);
  ClusterAccess named = access;
  named.server_name = "localhost";  // it is in the certificate, and not where the server is
  CHECK(Client::Create(named, {}).value()->Do(request)->status == 200);
  named.server_name = "elsewhere.example";
  CHECK(Client::Create(named, {}).value()->Do(request).status().code() ==
        absl::StatusCode::kUnavailable);
  other.insecure = true;
  CHECK(Client::Create(other, {}).value()->Do(request)->status == 200);
}

TEST_CASE("a new CRD is known after its group was invalidated") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const std::string group = ns.name() + ".example";
  CHECK(!kube.discovery.Find(group, "v1", "Cart").ok());
  const std::string crd =
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":)"
      R"({"name":"carts.)" +
      group + R"("},"spec":{"group":")" + group +
      R"(","scope":"Namespaced","names":{"plural":"carts","singular":"cart","kind":"Cart"},)"
      R"("versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":)"
      R"({"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})";
  const Target target =
      kube.At("apiextensions.k8s.io", "CustomResourceDefinition", "", "carts." + group);
  REQUIRE(kube.api.Apply(target, crd, {}).ok());
  CHECK(ns.WaitFor("crd/carts." + group, "condition=Established"));
  kube.discovery.Invalidate(group);
  const auto cart = kube.discovery.Find(group, "", "Cart");
  INFO(MessageOf(cart.status()));
  CHECK(cart.ok());
  CHECK(kube.api.Delete(target, {}).ok());
}

TEST_CASE("a reflector follows a real namespace, in pages and by watch, whole or metadata only") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const Target any = kube.At("", "ConfigMap", ns.name(), "");
  const auto apply = [&](const std::string& name, const std::string& value) {
    Target target = any;
    target.name = name;
    const Answer answer = kube.api.Apply(target, ConfigMapJson(name, value), {});
    INFO(MessageOf(answer.error));
    REQUIRE(answer.ok());
  };
  for (int i = 0; i < 7; ++i) apply("x" + std::to_string(i), "1");
  const bool metadata = GENERATE(false, true);
  Reflector::Options options;
  options.resource = any.resource;
  options.ns = ns.name();
  options.label_selector = "test=yes";
  options.page_size = 3;
  options.metadata_only = metadata;
  Recorder recorder;
  Reflector reflector(*kube.client, options, recorder);
  reflector.Start();
  REQUIRE(recorder.synced.Wait(1).size() == 1);
  CHECK(recorder.told.Wait(7).size() == 7);
  CHECK(recorder.Names().size() == 7);
  apply("x0", "2");
  CHECK(recorder.told.Wait(8).at(7) == "~x0");
  apply("y", "1");
  CHECK(recorder.told.Wait(9).at(8) == "+y");
  Target x1 = any;
  x1.name = "x1";
  CHECK(kube.api.Delete(x1, {}).ok());
  CHECK(recorder.told.Wait(10).at(9) == "-x1");
  CHECK(recorder.troubles.size() == 0);
  CHECK(reflector.lists() == 1);
  for (const auto& [uid, text] : recorder.objects) {
    CHECK(scan::Field(text, "data").empty() == metadata);
  }
}

TEST_CASE("a watch behind a faulty network misses nothing") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  FaultProxy proxy(ns.cluster());
  Kube behind(proxy.kubeconfig());
  const Target any = kube.At("", "ConfigMap", ns.name(), "");
  Reflector::Options options;
  options.resource = any.resource;
  options.ns = ns.name();
  options.label_selector = "test=yes";
  options.min_backoff = absl::Milliseconds(10);
  options.max_backoff = absl::Milliseconds(100);
  proxy.AddRule({{"verb", "list"}, {"times", 1}, {"answer", {{"status", 503}}}});
  proxy.AddRule({{"verb", "list"}, {"times", 1}, {"cut", 50}});
  proxy.AddRule({{"verb", "watch"}, {"times", 1}, {"answer", {{"status", 429}}}});
  proxy.AddRule({{"verb", "watch"}, {"times", 2}, {"cut", 3000}});
  proxy.AddRule({{"verb", "watch"}, {"times", 1}, {"expire", true}});
  Recorder recorder;
  Reflector reflector(*behind.client, options, recorder);
  reflector.Start();
  const auto target = [&](int i) {
    Target one = any;
    one.name = "x" + std::to_string(i);
    return one;
  };
  std::set<std::string> names;
  for (int i = 0; i < 30; ++i) {
    REQUIRE(kube.api.Apply(target(i), ConfigMapJson(target(i).name, "1"), {}).ok());
    if (i % 3 == 1) {
      REQUIRE(kube.api.Delete(target(i - 1), {}).ok());
      names.erase(target(i - 1).name);
    }
    names.insert(target(i).name);
  }
  REQUIRE(kube.api.Apply(target(99), ConfigMapJson("x99", "1"), {}).ok());
  names.insert("x99");
  size_t seen = 0;
  for (int i = 0; i < 100 && recorder.Names() != names; ++i)
    seen = recorder.told.Wait(++seen).size();
  CHECK(recorder.Names() == names);
  CHECK(reflector.objects() == names.size());
}

TEST_CASE("hundreds of applies go over few connections") {
  const TestNamespace ns;
  Kube kube(ns.cluster().Kubeconfig("slipway"));
  const Target any = kube.At("", "ConfigMap", ns.name(), "");
  Queue<Outcome> outcomes;
  for (int i = 0; i < 300; ++i) {
    Target target = any;
    target.name = "x" + std::to_string(i);
    ObjectApi::ApplyOptions options;
    options.owner = "app-" + std::to_string(i % 7);
    kube.api.Apply(target, ConfigMapJson(target.name, "1"), options,
                   [&](Answer answer) { outcomes.Push(answer.outcome); });
  }
  const auto all = outcomes.Wait(300);
  CHECK(all == std::vector<Outcome>(300, Outcome::kOk));
}

}  // namespace slipway::kube
