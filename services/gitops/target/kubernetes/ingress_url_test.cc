#include "services/gitops/target/kubernetes/ingress_url.h"

#include <catch2/catch.hpp>

#include "libs/json/json.h"

namespace slipway::gitops::kubernetes {
namespace {

kube::Object Ingress(const std::string& spec) {
  return kube::Object(json::Parse(R"({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
      "metadata": {"name": "a"}, "spec": )" +
                                  spec + "}")
                          ->as_object());
}

TEST_CASE("an app's URL is the first host of its Ingresses, with https where that has TLS") {
  const std::string rules =
      R"({"rules": [{"http": {}}, {"host": "*.example.com"}, {"host": "shop.example.com",
          "http": {"paths": [{"path": "/api"}, {"path": "/"}]}}])";
  CHECK(UrlOfIngress({Ingress(rules + "}")}) == "http://shop.example.com/api");
  CHECK(UrlOfIngress({Ingress(rules + R"(, "tls": [{"hosts": ["other.example.com"]}]})")}) ==
        "http://shop.example.com/api");
  CHECK(UrlOfIngress({Ingress(rules + R"(, "tls": [{}, {"hosts": ["shop.example.com"]}]})")}) ==
        "https://shop.example.com/api");
  CHECK(UrlOfIngress({Ingress("{}"), Ingress(R"({"rules": [{"host": "b.example.com"}]})")}) ==
        "http://b.example.com/");
  CHECK(UrlOfIngress({Ingress(R"json({"rules": [{"host": "b.example.com",
            "http": {"paths": [{"path": "/v1(/|$)(.*)"}]}}]})json")}) == "http://b.example.com/");
  CHECK(UrlOfIngress({}).empty());
  CHECK(UrlOfIngress({Ingress(R"({"defaultBackend": {}})")}).empty());
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
