#include "services/gitops/target/kubernetes/plan.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/json/json.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr char kDeployment[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      containers:
      - {name: web, image: "registry.test:5000/shop/api@sha256:00"}
)";

DesiredState Desired(std::vector<Manifest> manifests) {
  return {.where = {"shop", "api", "dev"},
          .k8s_namespace = "shop-dev",
          .manifests = std::move(manifests)};
}

PlanOptions Options() {
  return {.installation = "test", .scope = [](const kube::Gvk& gvk) -> std::optional<kube::Scope> {
            if (gvk.group == "unknown.test") return std::nullopt;
            return gvk.kind == "ClusterRole" ? kube::Scope::kCluster : kube::Scope::kNamespaced;
          }};
}

boost::json::object BodyOf(const PlannedObject& object) {
  return json::Parse(object.body)->as_object();
}

TEST_CASE("a plan has each object with its namespace and the marks of its app") {
  const auto plan =
      MakePlan(Desired({{"api.yaml", kDeployment}, {"README.md", "# not: [yaml"}}), Options());
  REQUIRE(plan.ok());
  REQUIRE(plan->objects.size() == 1);
  CHECK(plan->objects[0].id == kube::ObjectId{"apps", "Deployment", "shop-dev", "api"});
  const auto metadata = BodyOf(plan->objects[0]).at("metadata").as_object();
  CHECK(metadata.at("labels").at("slipway.dev/managed-by") == "test");
  CHECK(metadata.at("annotations").at("slipway.dev/tracking-id") ==
        "shop/api/dev:apps/Deployment:shop-dev/api");
}

TEST_CASE("equal manifests have equal digests, and others have others") {
  const auto digest = [](const std::string& text) {
    const auto plan = MakePlan(Desired({{"a.yaml", text}}), Options());
    REQUIRE(plan.ok());
    return plan->objects.at(0).content;
  };
  const std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n";
  CHECK(digest(text) == digest("# comment\n" + text));
  CHECK(digest(text) !=
        digest("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: w}\n"));
}

TEST_CASE("rules for ignoring go to their objects, and are a part of what is applied") {
  DesiredState desired = Desired({{"api.yaml", kDeployment}});
  const auto without = MakePlan(desired, Options());
  auto& other = *desired.ignored.Add();
  other.set_kind("Service");
  other.add_json_pointers("/spec/clusterIP");
  const auto for_another = MakePlan(desired, Options());
  auto& rule = *desired.ignored.Add();
  rule.set_group("apps");
  rule.set_namespace_("shop-*");
  rule.add_json_pointers("/spec/replicas");
  const auto with = MakePlan(desired, Options());
  REQUIRE((without.ok() && for_another.ok() && with.ok()));
  CHECK(for_another->objects[0].ignored.empty());
  CHECK(for_another->objects[0].content == without->objects[0].content);
  REQUIRE(with->objects[0].ignored.size() == 1);
  CHECK(with->objects[0].ignored[0].json_pointers == std::vector<std::string>{"/spec/replicas"});
  CHECK(with->objects[0].body == without->objects[0].body);
  CHECK(with->objects[0].content != without->objects[0].content);
}

TEST_CASE("pods that pull from a host with a credential get it as a Secret") {
  DesiredState desired = Desired({{"api.yaml", kDeployment}});
  desired.credentials = {{.host = "registry.test:5000", .username = "u", .password = "p"}};
  const auto plan = MakePlan(desired, Options());
  REQUIRE(plan.ok());
  REQUIRE(plan->objects.size() == 2);
  const auto pod = BodyOf(plan->objects[0]).at("spec").at("template").at("spec").as_object();
  CHECK(pod.at("imagePullSecrets").at(0).at("name") == "slipway-pull-api");
  const auto secret = BodyOf(plan->objects[1]);
  CHECK(secret.at("type") == "kubernetes.io/dockerconfigjson");
  const auto config =
      Base64Decode(std::string(secret.at("data").at(".dockerconfigjson").as_string()));
  REQUIRE(config);
  CHECK(config->find(R"("registry.test:5000":{"username":"u","password":"p")") !=
        std::string::npos);
}

TEST_CASE("a pod with pull secrets of its own, and one from elsewhere, stay as they are") {
  std::string own(kDeployment);
  own += "      imagePullSecrets: [{name: mine}]\n";
  for (const std::string& text : {own, std::string(kDeployment)}) {
    DesiredState desired = Desired({{"api.yaml", text}});
    desired.credentials = {{.host = text == own ? "registry.test:5000" : "other.test",
                            .username = "u",
                            .password = "p"}};
    const auto plan = MakePlan(desired, Options());
    REQUIRE(plan.ok());
    CHECK(plan->objects.size() == 1);
    CHECK(plan->objects[0].body.find("slipway-pull") == std::string::npos);
  }
}

TEST_CASE("a manifest that can't be read names file and line") {
  const auto plan = MakePlan(Desired({{"a.yaml", "apiVersion: v1\nkind: [\n"}}), Options());
  REQUIRE(plan.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(plan.status()).find("a.yaml:") != std::string::npos);
}

TEST_CASE("a kind that the cluster doesn't serve yet makes the plan one for now only") {
  const auto plan = MakePlan(
      Desired({{"a.yaml", "apiVersion: unknown.test/v1\nkind: Thing\nmetadata: {name: a}\n"}}),
      Options());
  REQUIRE(plan.ok());
  CHECK(!plan->scopes_known);
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
