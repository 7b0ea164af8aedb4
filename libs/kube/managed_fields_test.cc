#include "libs/kube/managed_fields.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/kube/field_set.h"

namespace slipway::kube {
namespace {

constexpr char kDeployment[] = R"({
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {"name": "api", "namespace": "shop", "uid": "u1", "generation": 1,
    "labels": {"app": "api", "team": "x"},
    "managedFields": [
      {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
       "apiVersion": "apps/v1", "time": "2026-03-01T12:00:05Z",
       "fieldsV1": {"f:status": {"f:replicas": {}}}},
      {"manager": "slipway", "operation": "Apply", "apiVersion": "apps/v1",
       "time": "2026-03-01T12:00:00Z",
       "fieldsV1": {"f:metadata": {"f:labels": {"f:app": {}}},
         "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
           "k:{\"name\":\"web\"}": {".": {}, "f:args": {}, "f:image": {}, "f:name": {},
             "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}},
                       "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}},
             "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
               {".": {}, "f:containerPort": {}}}}}}}}}}]},
  "spec": {"replicas": 2, "paused": false, "template": {"spec": {"containers": [
    {"name": "web", "image": "web:1", "args": ["a", "b"],
     "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
     "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}},
  "status": {"replicas": 2}})";

boost::json::object Live() { return boost::json::parse(kDeployment).as_object(); }

boost::json::value& At(boost::json::object& object, const char* pointer) {
  boost::json::value* value = nullptr;
  std::string_view rest(pointer + 1);
  while (true) {
    const size_t slash = rest.find('/');
    const std::string_view step = rest.substr(0, slash);
    if (value == nullptr) {
      value = &object[JsonView(step)];
    } else if (value->is_array()) {
      value = &value->as_array().at(std::stoul(std::string(step)));
    } else {
      value = &value->as_object()[JsonView(step)];
    }
    if (slash == std::string_view::npos) return *value;
    rest.remove_prefix(slash + 1);
  }
}

Drift After(const boost::json::object& changed) {
  return Compare(Observe(Live(), "slipway"), Observe(changed, "slipway"));
}

Drift MetadataAfter(const boost::json::object& changed) {
  return Compare(Observe(Live(), "slipway"), ObserveMetadata(changed, "slipway"));
}

boost::json::object& OurEntry(boost::json::object& live) {
  return At(live, "/metadata/managedFields/1").as_object();
}

TEST_CASE("Another manager that takes a field over is drift, seen from metadata alone") {
  auto live = Live();
  At(live, "/spec/replicas") = 5;
  At(OurEntry(live), "/fieldsV1/f:spec").as_object().erase("f:replicas");
  CHECK(After(live) == Drift::kTakenOver);
  CHECK(MetadataAfter(live) == Drift::kTakenOver);
  SECTION("also when it changed the value back") {
    At(live, "/spec/replicas") = 2;
    CHECK(After(live) == Drift::kTakenOver);
  }
}

TEST_CASE("Fields that are not ours, status and other managers are no drift") {
  auto live = Live();
  SECTION("status and generation") {
    At(live, "/status/replicas") = 1;
    At(live, "/metadata/generation") = 9;
    At(live, "/metadata/managedFields/0/time") = "2026-03-01T13:00:00Z";
  }
  SECTION("a label and a field of others") {
    At(live, "/metadata/labels/team") = "y";
    At(live, "/spec/paused") = true;
  }
  SECTION("an item of others between ours") {
    auto& env = At(live, "/spec/template/spec/containers/0/env").as_array();
    env.insert(env.begin() + 1, boost::json::parse(R"({"name":"C","value":"3"})"));
  }
  SECTION("a container of others in front") {
    auto& containers = At(live, "/spec/template/spec/containers").as_array();
    containers.insert(containers.begin(), boost::json::parse(R"({"name":"side"})"));
  }
  SECTION("the order of members") {
    auto& web = At(live, "/spec/template/spec/containers/0").as_object();
    const boost::json::value image = web.at("image");
    web.erase("image");
    web["image"] = image;
    auto& tree = At(OurEntry(live), "/fieldsV1/f:spec").as_object();
    const boost::json::value replicas = tree.at("f:replicas");
    tree.erase("f:replicas");
    tree["f:replicas"] = replicas;
  }
  CHECK(After(live) == Drift::kNone);
  CHECK(MetadataAfter(live) == Drift::kNone);
}

TEST_CASE("Changes under fields that we still own are seen in the values") {
  auto live = Live();
  SECTION("a keyed list in another order") {
    auto& env = At(live, "/spec/template/spec/containers/0/env").as_array();
    std::swap(env[0], env[1]);
  }
  SECTION("our old managedFields written back by hand") { At(live, "/spec/replicas") = 7; }
  SECTION("an item of ours is gone") {
    At(live, "/spec/template/spec/containers/0/env").as_array().pop_back();
  }
  SECTION("the key of an item is another one") {
    At(live, "/spec/template/spec/containers/0/ports/0/containerPort") = 81;
  }
  SECTION("a list that is owned as a whole, in another order") {
    auto& args = At(live, "/spec/template/spec/containers/0/args").as_array();
    std::swap(args[0], args[1]);
  }
  CHECK(After(live) == Drift::kValuesChanged);
  CHECK(MetadataAfter(live) == Drift::kNone);
}

TEST_CASE("An apply under our name shows by its time") {
  auto live = Live();
  At(live, "/spec/replicas") = 7;
  OurEntry(live)["time"] = "2026-03-01T12:00:01Z";
  CHECK(After(live) == Drift::kAppliedAsUs);
  CHECK(MetadataAfter(live) == Drift::kAppliedAsUs);
  SECTION("and is none when it changed nothing") {
    At(live, "/spec/replicas") = 2;
    CHECK(After(live) == Drift::kNone);
  }
}

TEST_CASE("Cleared managedFields and a new object of the same name are told apart") {
  auto live = Live();
  SECTION("cleared") {
    At(live, "/metadata/managedFields").as_array().clear();
    CHECK(After(live) == Drift::kForgotten);
  }
  SECTION("created anew") {
    At(live, "/metadata/uid") = "u2";
    CHECK(After(live) == Drift::kRecreated);
  }
  SECTION("an Update entry under our name is not ours") {
    OurEntry(live)["operation"] = "Update";
    CHECK(After(live) == Drift::kForgotten);
  }
}

TEST_CASE("Another version of the API is a change of ours") {
  auto live = Live();
  OurEntry(live)["apiVersion"] = "apps/v2";
  CHECK(After(live) == Drift::kTakenOver);
}

TEST_CASE("Elements of fieldsV1 find what they stand for") {
  const auto list = boost::json::parse(R"([{"name":"a","n":1},{"name":"b","n":2},"x"])");
  CHECK(ChildAt(list, "k:{\"name\":\"b\"}")->at("n") == 2);
  CHECK(ChildAt(list, "k:{\"name\":\"b\",\"n\":1}") == nullptr);
  CHECK(*ChildAt(list, "v:\"x\"") == "x");
  CHECK(*ChildAt(list, "i:2") == "x");
  CHECK(ChildAt(list, "i:3") == nullptr);
  CHECK(ChildAt(list, "k:{broken") == nullptr);
  CHECK(ChildAt(list, "f:name") == nullptr);
  CHECK(ElementText("k:{\"containerPort\":80,\"protocol\":\"TCP\"}") ==
        "[containerPort=80,protocol=TCP]");
  CHECK(HasKeys("k:{\"containerPort\":80,\"protocol\":\"TCP\"}",
                boost::json::parse(R"({"containerPort":80})"), true));
  CHECK_FALSE(HasKeys("k:{\"containerPort\":80,\"protocol\":\"TCP\"}",
                      boost::json::parse(R"({"containerPort":80})")));
}

TEST_CASE("Strange managedFields do no harm") {
  for (const char* text :
       {"{}", R"({"metadata":{"managedFields":5}})", R"({"metadata":{"managedFields":[1,{}]}})",
        R"({"metadata":{"managedFields":[{"manager":"slipway","operation":"Apply",
          "fieldsV1":{"f:spec":5,"k:{":{"x":1},"f:a":{"k:[]":{},"v:{":{},"":{}}}}]},"a":[1]})"}) {
    INFO(text);
    const auto object = boost::json::parse(text).as_object();
    CHECK(Compare(Observe(object, "slipway"), Observe(object, "slipway")) == Drift::kNone);
  }
}

TEST_CASE("Ten thousand objects are observed quickly") {
  const auto live = Live();
  const Observation first = Observe(live, "slipway");
  const absl::Time start = absl::Now();
  for (int i = 0; i < 10'000; ++i) {
    if (Observe(live, "slipway") != first) FAIL("another digest");
  }
  const absl::Duration took = absl::Now() - start;
  INFO(took);
  CHECK(took < absl::Seconds(3));  // 0.3 s on an idle core
}

}  // namespace
}  // namespace slipway::kube
