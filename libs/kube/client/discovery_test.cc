#include "libs/kube/client/discovery.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/kube/client/fake_api_server.h"

namespace slipway::kube {
namespace {

using http::ServerRequest;
using ResponderPtr = std::shared_ptr<http::Responder>;
using Catch::Matchers::Contains;

// What /apis and /api answer with aggregated discovery, shortened from Kubernetes 1.36.
constexpr char kAggregatedGroups[] = R"({"kind":"APIGroupDiscoveryList",
 "apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[
 {"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
   {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},
    "scope":"Namespaced","singularResource":"deployment","verbs":["get","patch","watch"],
    "shortNames":["deploy"],"subresources":[{"subresource":"status","verbs":["get"]}]}]}]},
 {"metadata":{"name":"autoscaling"},"versions":[
   {"version":"v2","resources":[{"resource":"horizontalpodautoscalers",
     "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced","verbs":["get"]}]},
   {"version":"v1","resources":[{"resource":"horizontalpodautoscalers",
     "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced","verbs":["get"]},
     {"resource":"oldthings","responseKind":{"kind":"OldThing"},"scope":"Cluster","verbs":[]}]}]}
 ]})";
constexpr char kAggregatedCore[] = R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},
 "versions":[{"version":"v1","resources":[{"resource":"namespaces",
 "responseKind":{"kind":"Namespace"},"scope":"Cluster","verbs":["get"]}]}]}]})";
// The same in the documents of older servers.
constexpr char kGroups[] = R"({"kind":"APIGroupList","groups":[
 {"name":"apps","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}},
 {"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}]}]})";
constexpr char kApps[] = R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
 {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["get"]},
 {"name":"deployments/scale","kind":"Scale","namespaced":true,"verbs":["get"]}]})";
constexpr char kCore[] = R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
 {"name":"namespaces","kind":"Namespace","namespaced":false,"verbs":["get"]}]})";
constexpr char kCrdGroup[] = R"({"kind":"APIGroup","name":"shop.example",
 "versions":[{"version":"v1alpha1"},{"version":"v1"}],"preferredVersion":{"version":"v1"}})";

std::string CrdResources(const std::string& kind) {
  return R"({"kind":"APIResourceList","resources":[{"name":"carts","kind":")" + kind +
         R"(","namespaced":true,"verbs":["get"]}]})";
}

// Aggregated discovery beside a CRD group that appears when `crd` is set.
struct Cluster {
  std::atomic<bool> crd{false};
  bool aggregated = true;
  FakeApiServer server{[this](ServerRequest request, ResponderPtr responder) {
    const std::string& path = request.target;
    if (path == "/apis") return SendJson(*responder, 200, aggregated ? kAggregatedGroups : kGroups);
    if (path == "/api") return SendJson(*responder, 200, kAggregatedCore);
    if (path == "/api/v1") return SendJson(*responder, 200, kCore);
    if (path == "/apis/apps/v1") return SendJson(*responder, 200, kApps);
    if (path == "/apis/metrics.k8s.io/v1beta1") return SendJson(*responder, 503, "{}");
    if (crd && path == "/apis/shop.example") return SendJson(*responder, 200, kCrdGroup);
    if (crd && path.rfind("/apis/shop.example/", 0) == 0) {
      return SendJson(*responder, 200, CrdResources("Cart"));
    }
    SendJson(*responder, 404, "404 page not found");
  }};
};

}  // namespace

TEST_CASE("two requests show all kinds of a server with aggregated discovery") {
  Cluster cluster;
  const auto client = cluster.server.NewClient();
  Discovery discovery(*client);
  const auto deployment = discovery.Find("apps", "v1", "Deployment");
  REQUIRE(deployment.ok());
  CHECK(deployment->resource == "deployments");
  CHECK(deployment->namespaced);
  CHECK(deployment->Can("watch"));
  CHECK(!deployment->Can("delete"));
  CHECK(deployment->ObjectPath("shop", "api") == "/apis/apps/v1/namespaces/shop/deployments/api");
  const auto ns = discovery.Find("", "v1", "Namespace");
  REQUIRE(ns.ok());
  CHECK(!ns->namespaced);
  CHECK(ns->ObjectPath("ignored", "shop") == "/api/v1/namespaces/shop");
  CHECK(discovery.Find("autoscaling", "", "HorizontalPodAutoscaler")->gvk.version == "v2");
  CHECK(discovery.Find("autoscaling", "", "OldThing")->gvk.version == "v1");
  CHECK(cluster.server.seen().size() == 2);
}

TEST_CASE("older servers are read group by group, and one that is down is left out") {
  Cluster cluster;
  cluster.aggregated = false;
  const auto client = cluster.server.NewClient();
  Discovery discovery(*client);
  CHECK(discovery.Find("apps", "", "Deployment").ok());
  CHECK(discovery.Find("", "v1", "Namespace").ok());
  CHECK(discovery.Find("apps", "v1", "Scale").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("an unknown kind gets a suggestion") {
  Cluster cluster;
  const auto client = cluster.server.NewClient();
  Discovery discovery(*client);
  const auto message = [&](const char* group, const char* version, const char* kind) {
    const auto found = discovery.Find(group, version, kind);
    CHECK(DetailsOf(found.status()).reason == "KIND_UNKNOWN");
    return MessageOf(found.status());
  };
  CHECK_THAT(message("apps", "v1", "Deploymet"), Contains("did you mean Deployment?"));
  CHECK_THAT(message("extensions", "v1beta1", "Deployment"),
             Contains("extensions/v1beta1") && Contains("did you mean apps/v1 Deployment?"));
  CHECK_THAT(message("", "v1", "Deploymant"), Contains("did you mean apps/v1 Deployment?"));
  CHECK(message("x", "v1", "Zzzzzz").find("did you mean") == std::string::npos);
}

TEST_CASE("a new CRD is found after its group was invalidated, and others cost nothing") {
  Cluster cluster;
  const auto client = cluster.server.NewClient();
  Discovery discovery(*client);
  CHECK(!discovery.Find("shop.example", "v1", "Cart").ok());
  const size_t before = cluster.server.seen().size();
  for (int i = 0; i < 10; ++i) CHECK(!discovery.Find("shop.example", "v1", "Cart").ok());
  CHECK(cluster.server.seen().size() == before);
  cluster.crd = true;
  discovery.Invalidate("shop.example");
  CHECK(!discovery.FindKnown("shop.example", "v1", "Cart"));
  const auto cart = discovery.Find("shop.example", "", "Cart");
  REQUIRE(cart.ok());
  CHECK(cart->gvk.version == "v1");
  CHECK(discovery.FindKnown("shop.example", "v1alpha1", "Cart"));
  CHECK(cluster.server.CountSeen("GET /apis/apps") == 0);
  CHECK(cluster.server.CountSeen("GET /api/v1") == 0);
}

TEST_CASE("a server that answers nonsense is an error, not an empty cluster") {
  const auto body = GENERATE(as<std::string>(), "", "<html>", "[1]", "{");
  FakeApiServer server(
      [body](ServerRequest, ResponderPtr responder) { SendJson(*responder, 200, body); });
  const auto client = server.NewClient();
  Discovery discovery(*client);
  const auto found = discovery.Find("apps", "v1", "Deployment");
  CHECK(DetailsOf(found.status()).reason == "CLUSTER_ANSWER_INVALID");
}

}  // namespace slipway::kube
