#include "libs/kube/manifest.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::kube {
namespace {

std::optional<Scope> ScopeOf(const Gvk& gvk) {
  if (gvk.group == "example.com") return std::nullopt;
  return gvk.kind == "Namespace" || gvk.kind == "ClusterRole" ? Scope::kCluster
                                                              : Scope::kNamespaced;
}

std::vector<ManifestObject> Read(std::string_view text) {
  auto objects = ReadManifest("app.yaml", text);
  INFO(objects.status());
  REQUIRE(objects.ok());
  return *std::move(objects);
}

std::string ProblemOf(std::string_view text) {
  return MessageOf(ReadManifest("app.yaml", text).status());
}

std::vector<ManifestObject> Normalised(std::string_view text) {
  auto objects = Read(text);
  const absl::Status status =
      Normalise(objects, {.default_namespace = "shop", .scope = ScopeOf, .may_generate_name = {}});
  INFO(status);
  REQUIRE(status.ok());
  return objects;
}

std::string NormaliseProblem(std::string_view text, const std::string& ns = "shop") {
  auto objects = Read(text);
  return MessageOf(
      Normalise(objects, {.default_namespace = ns, .scope = ScopeOf, .may_generate_name = {}}));
}

TEST_CASE("A file of many documents gives its objects with their lines") {
  const auto objects = Read(
      "\xef\xbb\xbf# only a comment\r\n---\r\n---\r\n# another\r\n---\r\napiVersion: v1\r\n"
      "kind: ConfigMap\r\nmetadata: {name: a}\r\ndata: {k: \"v\"}\r\n---\r\napiVersion: apps/v1\r\n"
      "kind: Deployment\r\nmetadata:\r\n  name: b\r\n...\r\n");
  REQUIRE(objects.size() == 2);
  CHECK(objects[0].object.id() == ObjectId{"", "ConfigMap", "", "a"});
  CHECK(objects[0].line == 6);
  CHECK(objects[1].object.id() == ObjectId{"apps", "Deployment", "", "b"});
  CHECK(objects[1].line == 11);
  CHECK(objects[0].file == "app.yaml");
  CHECK(Read("").empty());
  CHECK(Read("# nothing\n---\n~\n").empty());
}

TEST_CASE("Lists are taken apart, also lists in lists and those of a kind") {
  const auto objects = Read(R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- apiVersion: v1
  kind: SecretList
  items:
  - {apiVersion: v1, kind: Secret, metadata: {name: b}}
---
{"apiVersion": "v1", "kind": "List", "items": null}
)");
  REQUIRE(objects.size() == 2);
  CHECK(objects[1].object.id().name == "b");
  CHECK(objects[1].line == 9);
}

TEST_CASE("Mistakes are named with file and line") {
  CHECK(ProblemOf("a: 1\nb: c: d").starts_with("app.yaml:2: "));
  CHECK_THAT(ProblemOf("apiVersion: v1\nkind: A\nmetadata:\n  name: x\nkind: B"),
             Catch::StartsWith("app.yaml:5: duplicate key \"kind\""));
  CHECK(ProblemOf("- 1") ==
        "app.yaml:1: an object must be a mapping with apiVersion, kind and metadata");
  CHECK(ProblemOf("\nkind: A\nmetadata: {name: x}") == "app.yaml:2: apiVersion is missing");
  CHECK(ProblemOf("apiVersion: v1\nkind: 5\nmetadata: {name: x}") ==
        "app.yaml:2: kind must be a text");
  CHECK(ProblemOf("apiVersion: v1\nkind: A\nmetadata:\n  labels: {}") ==
        "app.yaml:4: metadata.name is missing");
  CHECK(ProblemOf("apiVersion: v1\nkind: A\nmetadata:\n  name: 1.10") ==
        "app.yaml:4: metadata.name is read as 1.1E0, put it in quotes");
  CHECK(ProblemOf("apiVersion: v1\nkind: A\nmetadata:\n  name: x\n  labels:\n    on-call: yes") ==
        "app.yaml:6: metadata.labels.on-call is read as true, it must be a text: put it in quotes");
  CHECK(DetailsOf(ReadManifest("f", "- 1").status()).reason == "MANIFEST_INVALID");
}

TEST_CASE("What kubectl takes for a boolean is named before the server refuses it") {
  CHECK(ProblemOf("apiVersion: v1\nkind: A\nmetadata:\n  name: n") ==
        "app.yaml:4: metadata.name is read as false, put it in quotes");
}

TEST_CASE("Numbers of 64 bits are kept") {
  const auto objects = Read(
      "{apiVersion: e/v1, kind: A, metadata: {name: x}, spec: {size: 9007199254740993, mode: "
      "0644}}");
  CHECK(objects[0].object.body().at("spec").at("size") == 9007199254740993);
  CHECK(objects[0].object.body().at("spec").at("mode") == 420);
}

TEST_CASE("Namespaced objects get the namespace, cluster-scoped ones lose it") {
  const auto objects = Normalised(R"(
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: team, namespace: shop}}
---
{apiVersion: example.com/v1, kind: Unknown, metadata: {name: u}}
)");
  CHECK(objects[0].object.ns() == "shop");
  CHECK(objects[1].object.ns() == "other");
  CHECK(objects[2].object.ns().empty());
  CHECK(objects[2].scope_known);
  CHECK(objects[3].object.ns().empty());
  CHECK_FALSE(objects[3].scope_known);
  CHECK_THAT(NormaliseProblem("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""),
             Catch::Contains("ConfigMap a needs a namespace"));
}

TEST_CASE("A kind's scope is known from its definition among the objects") {
  const auto objects = Normalised(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: globals.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Global}}
---
{apiVersion: example.com/v1, kind: Global, metadata: {name: g, namespace: x}}
)");
  CHECK(objects[1].scope_known);
  CHECK(objects[1].object.ns().empty());
}

TEST_CASE("What only the server may say is taken away") {
  const auto objects = Normalised(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, uid: u, resourceVersion: "5", generation: 3, creationTimestamp: null,
  managedFields: [], annotations: {}, labels: , finalizers: [f]}
spec: {template: {metadata: {creationTimestamp: null, labels: {a: b}}}}
status: {replicas: 1}
)");
  CHECK(objects[0].object.body() == boost::json::parse(R"({"apiVersion":"apps/v1",
    "kind":"Deployment","metadata":{"name":"a","finalizers":["f"],"namespace":"shop"},
    "spec":{"template":{"metadata":{"labels":{"a":"b"}}}}})"));
}

TEST_CASE("A Secret's stringData becomes data") {
  const auto objects = Normalised(R"(
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: eA==, b: eQ==}
stringData: {b: "new", c: "hé"}
)");
  CHECK(objects[0].object.body().at("data") ==
        boost::json::parse(R"({"a":"eA==","b":"bmV3","c":"aMOp"})"));
  CHECK_FALSE(objects[0].object.body().contains("stringData"));
  CHECK_THAT(NormaliseProblem(
                 "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {port: 80}}"),
             Catch::Contains("stringData.port must be a text"));
}

TEST_CASE("One identity is given once, whatever the version") {
  CHECK(NormaliseProblem("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n"
                         "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a, "
                         "namespace: shop}}") ==
        "app.yaml:3: Deployment shop/a is given twice, first in app.yaml:1");
}

TEST_CASE("Only hooks may have their name generated") {
  constexpr char kJob[] = "{apiVersion: batch/v1, kind: Job, metadata: {generateName: migrate-}}";
  CHECK_THAT(NormaliseProblem(kJob), Catch::Contains("generateName is for hooks only"));
  auto objects = Read(kJob);
  CHECK(Normalise(objects, {.default_namespace = "shop",
                            .scope = ScopeOf,
                            .may_generate_name = [](const Object&) { return true; }})
            .ok());
}

}  // namespace
}  // namespace slipway::kube
