#include "libs/kube/diff.h"

#include <catch2/catch.hpp>

#include "libs/kube/mask.h"

namespace slipway::kube {
namespace {

Object Parse(const char* text) { return Object(boost::json::parse(text).as_object()); }

std::vector<std::string> Texts(const std::vector<DiffLine>& lines) {
  std::vector<std::string> texts;
  for (const DiffLine& line : lines) texts.push_back(line.Text());
  return texts;
}

const char kLive[] = R"({"apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"api","resourceVersion":"5","labels":{"app":"api","old":"x","theirs":"y"},
   "managedFields":[{"manager":"slipway","operation":"Apply","fieldsV1":{
     "f:metadata":{"f:labels":{"f:app":{},"f:old":{}}},
     "f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{
       ".":{},"f:image":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},
       "f:containerPort":{}}}}}}}}}}]},
  "spec":{"replicas":2,"revisionHistoryLimit":10,"template":{"spec":{"containers":[
    {"name":"side","image":"s"},
    {"name":"web","image":"web:1","ports":[{"containerPort":80,"protocol":"TCP"}]}]}}},
  "status":{"replicas":2}})";

TEST_CASE("A diff shows what an apply would change, and nothing of others") {
  const Object desired = Parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"api","labels":{"app":"api"}},
    "spec":{"replicas":3,"paused":true,"template":{"spec":{"containers":[
      {"name":"web","image":"web:2","ports":[{"containerPort":80}]}]}}}})");
  CHECK(Texts(DiffOwned(desired, Parse(kLive), "slipway")) ==
        std::vector<std::string>{
            "- metadata.labels.old: \"x\"", "+ spec.paused: true", "spec.replicas: 2 -> 3",
            "spec.template.spec.containers[name=web].image: \"web:1\" -> \"web:2\""});
}

TEST_CASE("An item that is desired no more is one line") {
  const Object desired = Parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"api","labels":{"app":"api","old":"x"}},
    "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"web","image":"web:1",
      "ports":[]}]}}}})");
  CHECK(Texts(DiffOwned(desired, Parse(kLive), "slipway")) ==
        std::vector<std::string>{"- spec.template.spec.containers[name=web]."
                                 "ports[containerPort=80,protocol=TCP]: "
                                 "{\"containerPort\":80,\"protocol\":\"TCP\"}"});
}

TEST_CASE("Two states differ in both directions, also in the order of a list") {
  const Object before = Parse(R"({"metadata":{"resourceVersion":"1"},"spec":{"a":1,"b":[1,2],
    "env":[{"name":"A"},{"name":"B"}]},"status":{"x":1}})");
  const Object after = Parse(R"({"metadata":{"resourceVersion":"2"},"spec":{"c":1,"b":[2,1],
    "env":[{"name":"B"},{"name":"A"}]},"status":{"x":2}})");
  CHECK(Texts(DiffStates(before, after)) ==
        std::vector<std::string>{"- spec.a: 1", "spec.b: [1,2] -> [2,1]", "+ spec.c: 1",
                                 "spec.env (order): [name=A] [name=B] -> [name=B] [name=A]"});
  CHECK(DiffStates(before, before).empty());
}

TEST_CASE("The values of Secrets never show") {
  const Object live = Parse(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s",
    "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"c2VjcmV0"}},
    "data":{"same":"c2VjcmV0","other":"c2VjcmV0","gone":"c2VjcmV0"}})");
  const Object desired = Parse(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},
    "data":{"same":"c2VjcmV0","other":"c2VjcmV0Mg==","new":"c2VjcmV0"}})");
  CHECK(Texts(DiffStates(live, desired)) ==
        std::vector<std::string>{"- data.gone: \"***\"", "+ data.new: \"***\"",
                                 "data.other: \"*** (before)\" -> \"*** (after)\"",
                                 "- metadata.annotations: "
                                 "{\"kubectl.kubernetes.io/last-applied-configuration\":\"***\"}"});
  CHECK(Texts(DiffOwned(desired, live, "slipway")) ==
        std::vector<std::string>{"+ data.new: \"***\"",
                                 "data.other: \"*** (before)\" -> \"*** (after)\""});
  const std::string shown = boost::json::serialize(Masked(live).body());
  CHECK(shown.find("c2VjcmV0") == std::string::npos);
  CHECK_THAT(shown, Catch::Contains("\"same\":\"***\""));
}

TEST_CASE("A Secret's values are masked whatever their shape") {
  for (const char* data : {R"x("data":{"a":"*** (before)"})x", R"x("data":"plain")x",
                           R"x("data":{"a":{"b":"plain"}})x", R"x("stringData":{"a":"plain"})x"}) {
    INFO(data);
    const std::string text = std::string(R"({"apiVersion":"v1","kind":"Secret",)") + data + "}";
    Object one = Parse(text.c_str()), none = Parse(R"({"apiVersion":"v1","kind":"Secret"})");
    CHECK(boost::json::serialize(Masked(one).body()).find("plain") == std::string::npos);
    MaskPair(one, none);
    CHECK(boost::json::serialize(one.body()).find("plain") == std::string::npos);
    CHECK(boost::json::serialize(one.body()).find("before") == std::string::npos);
  }
  const Object custom = Parse(R"({"apiVersion":"x.io/v1","kind":"Secret","data":{"a":"plain"}})");
  CHECK(Masked(custom).body() == custom.body());
}

}  // namespace
}  // namespace slipway::kube
