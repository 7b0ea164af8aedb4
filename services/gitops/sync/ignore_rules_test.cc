#include "services/gitops/sync/ignore_rules.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

kube::Object Parse(const std::string& text) {
  return kube::Object(boost::json::parse(text).as_object());
}

const kube::Object kDesired = Parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"api","namespace":"shop","annotations":{"a/b":"1","c":"2"}},
  "spec":{"replicas":2,"paused":false,"template":{"spec":{"containers":[
    {"name":"web","image":"web:1","env":[{"name":"A","value":"1"}]},
    {"name":"side","image":"side:1"}]}}}})");

// The cluster has the containers in another order.
kube::Object Live(const std::string& others, const std::string& ours_spec = R"("f:replicas":{},)") {
  return Parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"api","namespace":"shop","annotations":{"a/b":"9","c":"2"},"managedFields":[
    {"manager":"slipway","operation":"Apply","fieldsV1":{
      "f:metadata":{"f:annotations":{"f:a/b":{},"f:c":{}}},
      "f:spec":{)" +
               ours_spec + R"("f:template":{"f:spec":{"f:containers":{
        "k:{\"name\":\"side\"}":{".":{},"f:name":{},"f:image":{}},
        "k:{\"name\":\"web\"}":{".":{},"f:name":{},"f:image":{},
          "f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}}}}}}}}})" +
               others + R"(]},
  "spec":{"replicas":7,"minReadySeconds":4,"template":{"spec":{"containers":[
    {"name":"side","image":"side:9"},
    {"name":"web","image":"web:9","env":[{"name":"A","value":"9"}]}]}}}})");
}

IgnoredPayload Ignore(const std::vector<std::string>& pointers, const kube::Object& live) {
  IgnoreRule rule;
  rule.json_pointers = pointers;
  return ApplyIgnoreRules({rule}, kDesired, &live, "slipway");
}

IgnoredPayload IgnoreManager(const std::string& manager, const kube::Object& live) {
  IgnoreRule rule;
  rule.managers = {manager};
  return ApplyIgnoreRules({rule}, kDesired, &live, "slipway");
}

const boost::json::array& Containers(const IgnoredPayload& result) {
  return result.payload.body().at("spec").at("template").at("spec").at("containers").as_array();
}

constexpr char kHpa[] = R"(,{"manager":"hpa","operation":"Update","subresource":"scale",
  "fieldsV1":{"f:spec":{"f:replicas":{}}}})";
using Paths = std::vector<std::string>;

TEST_CASE("A field that another manager owns is left out") {
  const IgnoredPayload result = Ignore({"/spec/replicas"}, Live(kHpa));
  CHECK_FALSE(result.payload.body().at("spec").as_object().contains("replicas"));
  CHECK(result.left_out == Paths{"/spec/replicas"});
  CHECK(result.kept_live.empty());
}

TEST_CASE("Of a field that only we own the live value is sent, or it would be deleted") {
  const IgnoredPayload result = Ignore({"/spec/replicas"}, Live(""));
  CHECK(result.payload.body().at("spec").at("replicas") == 7);
  CHECK(result.kept_live == Paths{"/spec/replicas"});
}

TEST_CASE("A field that we own but that left the manifest is still sent") {
  const IgnoredPayload result =
      Ignore({"/spec/minReadySeconds"}, Live("", R"("f:minReadySeconds":{},)"));
  CHECK(result.payload.body().at("spec").at("minReadySeconds") == 4);
}

TEST_CASE("A field that nobody owns, or that is not there, is left out") {
  CHECK(Ignore({"/spec/replicas"}, Live("", "")).left_out == Paths{"/spec/replicas"});
  CHECK(Ignore({"/spec/paused"}, Live("", "")).left_out == Paths{"/spec/paused"});
  CHECK(Ignore({"/spec/nothing"}, Live("")).left_out.empty());
}

TEST_CASE("Until the object is on the cluster everything is sent") {
  IgnoreRule rule;
  rule.json_pointers = {"/spec/replicas"};
  CHECK(ApplyIgnoreRules({rule}, kDesired, nullptr, "slipway").payload.body() == kDesired.body());
}

TEST_CASE("Indices are those of the manifest, items those of the same keys") {
  const IgnoredPayload result =
      Ignore({"/spec/template/spec/containers/0/image", "/metadata/annotations/a~1b"}, Live(""));
  const auto& containers = Containers(result);
  CHECK(containers[0].at("image") == "web:9");
  CHECK(containers[1].at("image") == "side:1");
  CHECK(result.payload.Annotation("a/b") == "9");
  CHECK(result.payload.Annotation("c") == "2");
}

TEST_CASE("Whole items are left out from behind, so that indices hold") {
  constexpr char kMutator[] = R"(,{"manager":"mutator","operation":"Update","fieldsV1":{
    "f:spec":{"f:template":{"f:spec":{"f:containers":{
      "k:{\"name\":\"side\"}":{".":{},"f:image":{}},"k:{\"name\":\"web\"}":{".":{}}}}}}}})";
  const IgnoredPayload result = Ignore(
      {"/spec/template/spec/containers/0", "/spec/template/spec/containers/1"}, Live(kMutator));
  CHECK(Containers(result).empty());
}

TEST_CASE("Everything that a manager owns is left out, but for keys and names") {
  constexpr char kInjector[] = R"(,{"manager":"injector","operation":"Update","fieldsV1":{
    "f:metadata":{"f:annotations":{".":{},"f:c":{}},"f:name":{}},
    "f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{
      "k:{\"name\":\"web\"}":{".":{},"f:name":{},"f:image":{}}}}}}}})";
  const IgnoredPayload result = IgnoreManager("injector", Live(kInjector));
  CHECK(result.left_out == Paths{"metadata.annotations.c", "spec.replicas",
                                 "spec.template.spec.containers[name=web].image"});
  const auto& web = Containers(result)[0];
  CHECK(web.at("name") == "web");
  CHECK_FALSE(web.as_object().contains("image"));
  CHECK(result.payload.name() == "api");
  CHECK(IgnoreManager("slipway", Live(kInjector)).left_out.empty());
  CHECK(IgnoreManager("nobody", Live(kInjector)).payload.body() == kDesired.body());
}

TEST_CASE("An object keeps its identity") {
  for (const char* pointer : {"/metadata/name", "/metadata/namespace", "/kind", "/apiVersion",
                              "/metadata", "", "spec/replicas"}) {
    INFO(pointer);
    CHECK(Ignore({pointer}, Live("")).payload.body() == kDesired.body());
  }
}

TEST_CASE("Rules are for the objects that they name") {
  IgnoreRule rule;
  rule.group = "apps";
  rule.kind = "Deployment";
  rule.name = "a*";
  CHECK(Applies(rule, {"apps", "Deployment", "shop", "api"}));
  CHECK_FALSE(Applies(rule, {"apps", "Deployment", "shop", "web"}));
  CHECK_FALSE(Applies(rule, {"", "Service", "shop", "api"}));
  rule = {};
  CHECK(Applies(rule, {"", "Service", "shop", "api"}));
  rule.group = "core";
  CHECK(Applies(rule, {"", "Service", "shop", "api"}));
  CHECK_FALSE(Applies(rule, {"apps", "Deployment", "shop", "api"}));
}

}  // namespace
}  // namespace slipway::gitops::sync
