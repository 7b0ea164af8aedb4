#include "libs/rpc/resource_name.h"

#include <catch2/catch.hpp>

namespace slipway::rpc {

TEST_CASE("a resource name gives its parts") {
  const auto name = ResourceName::Parse("projects/demo/apps/hello/workflows/main/runs/7").value();
  CHECK(name.Get("apps") == "hello");
  CHECK(name.Get("environments").empty());
  CHECK(name.id() == "7");
  CHECK(name.collection() == "runs");
  CHECK(name.Parent() == "projects/demo/apps/hello/workflows/main");
  CHECK(name.ToString() == "projects/demo/apps/hello/workflows/main/runs/7");
  CHECK(name.ScopeOf() == Scope{"demo", "hello", ""});
}

TEST_CASE("a deployment pipeline and a deployment are in their environment's scope") {
  CHECK(ScopeOfName("projects/p/apps/a/workflows/w/deploymentPipelines/prod") ==
        Scope{"p", "a", "prod"});
  CHECK(ScopeOfName("projects/p/apps/a/environments/prod/deployments/3") ==
        Scope{"p", "a", "prod"});
  CHECK(ScopeOfName("projects/p/apps/-/workflows/-") == Scope{"p", "", ""});
}

TEST_CASE("what is no resource name is refused") {
  for (const char* bad : {"", "projects", "projects/", "projects/a/apps", "/projects/a",
                          "projects//apps/b", "projects/../apps/x", "Projects/a", "projects/a b",
                          "projects/a\nb", "projects/a%2fb", "pro-jects/a"}) {
    INFO(bad);
    CHECK_FALSE(ResourceName::Parse(bad).ok());
  }
  CHECK_FALSE(ResourceName::Parse("projects/a", "apps/*").ok());
  CHECK_FALSE(ResourceName::Parse("projects/" + std::string(129, 'a')).ok());
  CHECK(ScopeOfName("../x") == Scope{});
}

}  // namespace slipway::rpc
