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
}

TEST_CASE("A Secret's values are masked whatever their shape") {
  for (const char* data : {R"x("data":{"a":"*** (before)"})x", R"x("data":"plain")x",
                           R"x("data":{"a":{"b":"plain"}})x", R"x("stringData":{"a":"plain"})x"}) {
    INFO(data);
    const std::string text = std::string(R"({"apiVersion":"v1","kind":"Secret",)") + data + "}";
    Object one = Parse(text.c_str()), none = Parse(R"({"apiVersion":"v1","kind":"Secret"})");
    MaskPair(one, none);
    CHECK(boost::json::serialize(one.body()).find("plain") == std::string::npos);
    CHECK(boost::json::serialize(one.body()).find("before") == std::string::npos);
  }
  Object custom = Parse(R"({"apiVersion":"x.io/v1","kind":"Secret","data":{"a":"plain"}})");
  const Object before = custom;
  MaskPair(custom, custom);
  CHECK(custom.body() == before.body());
}

}  // namespace
}  // namespace slipway::kube
