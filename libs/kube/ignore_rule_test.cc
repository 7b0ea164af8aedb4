#include "libs/kube/ignore_rule.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::kube {
namespace {

using Names = std::vector<std::string>;

Names Mistakes(const IgnoreRule& rule) {
  Names names;
  for (const auto& violation : DetailsOf(ValidateIgnoreRule(rule)).field_violations) {
    names.push_back(violation.field);
  }
  return names;
}

TEST_CASE("A JSON pointer is taken apart, with its escapes") {
  CHECK(PointerSteps("/spec/replicas") == Names{"spec", "replicas"});
  CHECK(PointerSteps("/metadata/annotations/a~1b~0c") == Names{"metadata", "annotations", "a/b~c"});
  CHECK(PointerSteps("/a/0//") == Names{"a", "0", "", ""});
  CHECK(PointerSteps("spec").empty());
  CHECK(PointerSteps("").empty());
}

TEST_CASE("A rule for ignoring that says nothing, or too much, is refused with its fields") {
  CHECK(Mistakes({.json_pointers = {"/spec/replicas"}}).empty());
  CHECK(Mistakes({.group = "apps", .kind = "Dep*", .managers = {"hpa"}}).empty());
  CHECK(Mistakes({.json_pointers = {"/metadata/labels", "/metadata/name/x"}}).empty());
  CHECK(Mistakes({.kind = "Deployment"}) == Names{"jsonPointers"});
  CHECK(Mistakes({.json_pointers = {"/a", "spec", "", "/a~2b", "/~"}}) ==
        Names{"jsonPointers[1]", "jsonPointers[2]", "jsonPointers[3]", "jsonPointers[4]"});
  for (const char* identity :
       {"/kind", "/apiVersion", "/metadata", "/metadata/name", "/metadata/namespace"}) {
    INFO(identity);
    CHECK(Mistakes({.json_pointers = {identity}}) == Names{"jsonPointers[0]"});
  }
  CHECK(Mistakes({.kind = "a b", .managers = {"", "x\n"}}) ==
        Names{"kind", "managedFieldsManagers[0]", "managedFieldsManagers[1]"});
}

}  // namespace
}  // namespace slipway::kube
