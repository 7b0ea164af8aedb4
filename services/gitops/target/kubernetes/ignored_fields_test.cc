#include "services/gitops/target/kubernetes/ignored_fields.h"

#include <catch2/catch.hpp>

#include "services/gitops/target/kubernetes/read_object.h"
#include "services/gitops/target/kubernetes/verifier.h"

namespace slipway::gitops::kubernetes {
namespace {

kube::Object Parse(const std::string& text) { return *ReadObject(text); }

// A Deployment on the cluster: what we own of it, and its replicas and labels.
kube::Object Live(const std::string& ours, int replicas, const std::string& labels = "{}") {
  return Parse(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api",
    "labels":)" +
               labels + R"(,"managedFields":[
    {"manager":"slipway-x","operation":"Apply","fieldsV1":{"f:spec":)" +
               ours + R"(}},{"manager":"hpa","operation":"Update","fieldsV1":
    {"f:spec":{"f:replicas":{}},"f:metadata":{"f:labels":{"f:team":{}}}}}]},
    "spec":{"paused":false,"replicas":)" +
               std::to_string(replicas) + "}}");
}

PlannedObject Planned(const std::vector<std::string>& pointers) {
  PlannedObject planned;
  planned.body = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api",
    "labels":{"slipway.dev/managed-by":"x","a":"b"},
    "annotations":{"slipway.dev/tracking-id":"y"}},"spec":{"paused":false,"replicas":1}})";
  if (!pointers.empty()) planned.ignored = {{.json_pointers = pointers}};
  return planned;
}

TEST_CASE("what is left to others is not sent, but our own marks are") {
  const kube::Object live = Live(R"({"f:paused":{}})", 3, R"({"team":"t"})");
  const kube::Object payload =
      Parse(BodyBeside(Planned({"/spec/replicas", "/metadata/labels", "/metadata/annotations"}),
                       &live, "slipway-x"));
  CHECK(payload.body().at("spec") == boost::json::value{{"paused", false}});
  CHECK(payload.body().at("metadata") ==
        boost::json::value{{"name", "api"},
                           {"labels", {{"slipway.dev/managed-by", "x"}}},
                           {"annotations", {{"slipway.dev/tracking-id", "y"}}}});
}

TEST_CASE("without rules, or while it is not there, an object is sent as it is") {
  const kube::Object live = Live("{}", 3);
  CHECK(BodyBeside(Planned({}), &live, "slipway-x") == Planned({}).body);
  CHECK(BodyBeside(Planned({"/spec/replicas"}), nullptr, "slipway-x") == Planned({}).body);
}

TEST_CASE("an apply changes nothing when values stay and no field becomes ours") {
  const kube::Object before = Live(R"({"f:paused":{}})", 3);
  CHECK(ChangesNothing(before, before, "slipway-x"));
  CHECK(ChangesNothing(Live(R"({"f:paused":{},"f:more":{}})", 3), before, "slipway-x"));
  CHECK_FALSE(ChangesNothing(before, Live(R"({"f:paused":{}})", 1), "slipway-x"));
  CHECK_FALSE(ChangesNothing(before, Live(R"({"f:paused":{},"f:replicas":{}})", 3), "slipway-x"));
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
