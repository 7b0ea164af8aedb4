#include "libs/kube/object.h"

#include <catch2/catch.hpp>

namespace slipway::kube {
namespace {

Object Parse(const char* text) { return Object(boost::json::parse(text).as_object()); }

TEST_CASE("an object is named with its group only where the kind alone does not say it") {
  CHECK(Describe({"apps", "Deployment", "shop", "api"}) == "Deployment shop/api");
  CHECK(Describe({"rbac.authorization.k8s.io", "ClusterRole", "", "reader"}) ==
        "ClusterRole reader");
  CHECK(Describe({"cert-manager.io", "Certificate", "shop", "api"}) ==
        "Certificate.cert-manager.io shop/api");
  CHECK(Describe({"gateway.networking.k8s.io", "Gateway", "shop", "web"}) ==
        "Gateway.gateway.networking.k8s.io shop/web");
}

TEST_CASE("the version is no part of an object's identity") {
  const Object beta = Parse(R"({"apiVersion":"apps/v1beta1","kind":"Deployment",
    "metadata":{"namespace":"shop","name":"api"}})");
  const Object v1 = Parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"namespace":"shop","name":"api"}})");
  CHECK(beta.id() == v1.id());
  CHECK(beta.gvk() != v1.gvk());
  CHECK(beta.gvk().api_version() == "apps/v1beta1");
  CHECK(MakeGvk("v1", "Pod") == Gvk{"", "v1", "Pod"});
}

TEST_CASE("what everybody asks an object is there, and what is missing reads as empty") {
  const Object object = Parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p",
    "namespace":"n","uid":"u","resourceVersion":"7","generation":3,
    "creationTimestamp":"2026-03-01T12:00:00Z","deletionTimestamp":"2026-03-01T12:00:01Z",
    "annotations":{"a.b/c":"x"},"labels":{"l":"y"},"finalizers":["f"],
    "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"ru",
    "controller":true}]}})");
  CHECK(object.Annotation("a.b/c") == "x");
  CHECK_FALSE(object.Annotation("l"));
  CHECK(object.Label("l") == "y");
  CHECK(object.uid() == "u");
  CHECK(object.resource_version() == "7");
  CHECK(object.generation() == 3);
  CHECK(object.deleting());
  CHECK(absl::ToUnixSeconds(object.created()) == 1772366400);
  CHECK(object.finalizers() == std::vector<std::string>{"f"});
  REQUIRE(object.owners().size() == 1);
  CHECK(object.owners()[0].controller);
  CHECK(object.owners()[0].gvk == Gvk{"apps", "v1", "ReplicaSet"});

  const Object strange =
      Parse(R"({"kind":5,"metadata":{"name":[],"labels":"x","generation":1.5}})");
  CHECK(strange.id() == ObjectId{});
  CHECK_FALSE(strange.Label("l"));
  CHECK(strange.generation() == 0);
  CHECK(strange.created() == absl::InfinitePast());
  CHECK(Object().id() == ObjectId{});
}

}  // namespace
}  // namespace slipway::kube
