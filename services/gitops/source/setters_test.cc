#include "services/gitops/source/setters.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

const SetterValues kValues = {.image = "registry:5000/demo/hello@sha256:aa",
                              .k8s_namespace = "shop",
                              .environment = "dev",
                              .env = {{"REPLICAS", "3"}, {"TEXT", "it's \"so\""}, {"EMPTY", ""}}};

std::string Set(const std::string& text) {
  const auto set = ApplySetters("a.yaml", text, kValues);
  INFO(set.status());
  REQUIRE(set.ok());
  return *set;
}

std::string Refused(const std::string& text) {
  const auto set = ApplySetters("a.yaml", text, kValues);
  REQUIRE_FALSE(set.ok());
  CHECK(DetailsOf(set.status()).reason == "SOURCE_INVALID");
  return MessageOf(set.status());
}

TEST_CASE("A setter comment replaces the value before it and nothing else") {
  CHECK(Set("a: 1\n  image: demo/hello:1.0   # {\"$slipway\": \"image\"}\nb: 2 # note\n") ==
        "a: 1\n  image: \"registry:5000/demo/hello@sha256:aa\"   # {\"$slipway\": \"image\"}\n"
        "b: 2 # note\n");
  CHECK(Set("- name: x # {\"$slipway\": \"environment\"}") ==
        "- name: \"dev\" # {\"$slipway\": \"environment\"}");
  CHECK(Set("- - old # {\"$slipway\":\"namespace\"}\r\n") ==
        "- - \"shop\" # {\"$slipway\":\"namespace\"}\r\n");
  CHECK(Set("newName: 'x' # {\"$slipway\": \"image:name\"}") ==
        "newName: 'registry:5000/demo/hello' # {\"$slipway\": \"image:name\"}");
  CHECK(Set("\"a: b\": x # {\"$slipway\": \"image:digest\"}") ==
        "\"a: b\": \"sha256:aa\" # {\"$slipway\": \"image:digest\"}");
  CHECK(Set("value: 'a # b' # {\"$slipway\": \"env:TEXT\"}") ==
        "value: 'it''s \"so\"' # {\"$slipway\": \"env:TEXT\"}");
  CHECK(Set("value: # {\"$slipway\": \"env:TEXT\"}") ==
        "value: \"it's \\\"so\\\"\" # {\"$slipway\": \"env:TEXT\"}");
}

TEST_CASE("A number is replaced by a number only, text stays text") {
  CHECK(Set("replicas: 1 # {\"$slipway\": \"env:REPLICAS\"}") ==
        "replicas: 3 # {\"$slipway\": \"env:REPLICAS\"}");
  CHECK(Set("value: \"1\" # {\"$slipway\": \"env:REPLICAS\"}") ==
        "value: \"3\" # {\"$slipway\": \"env:REPLICAS\"}");
  CHECK(Refused("x: 1\nreplicas: 1 # {\"$slipway\": \"env:TEXT\"}").find("a.yaml:2:") == 0);
}

TEST_CASE("A setter that can't be followed is an error with its line") {
  CHECK(Refused("\na: b # {\"$slipway\": \"env:NOT\"}").find("spec.deploy.env has no \"NOT\"") !=
        std::string::npos);
  CHECK(Refused("a: b # {\"$slipway\": \"imge\"}").find("there is no setter") != std::string::npos);
  CHECK(Refused("a: b # {\"$slipway\": 1}").find("a.yaml:1:") == 0);
  for (const char* line :
       {"a: | # {\"$slipway\": \"image\"}", "a: &x b # {\"$slipway\": \"image\"}",
        "a: {b: c} # {\"$slipway\": \"image\"}", "a: \"b # {\"$slipway\": \"image\"}"}) {
    INFO(line);
    CHECK(Refused(line).find("a.yaml:1:") == 0);
  }
}

TEST_CASE("What only looks like a setter stays, and images stay without one to put in") {
  for (const char* line :
       {"a: b # see {\"$slipway\": \"image\"}", "a: \"#{\\\"$slipway\\\"}\"",
        "a: b#{\"$slipway\": \"image\"}", "a: b # {\"$imagepolicy\": \"x:y\"}"}) {
    INFO(line);
    CHECK(Set(line) == line);
  }
  const std::string line = "image: a # {\"$slipway\": \"image\"}";
  CHECK(*ApplySetters("a.yaml", line, {}) == line);
}

}  // namespace
}  // namespace slipway::gitops
