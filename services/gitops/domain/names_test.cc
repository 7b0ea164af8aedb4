#include "services/gitops/domain/names.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

TEST_CASE("names of environments and deployments read back") {
  const auto where = ParseAppEnvironment("projects/demo/apps/hello/environments/dev", "parent");
  REQUIRE(where.ok());
  CHECK(where->Name() == "projects/demo/apps/hello/environments/dev");
  CHECK(where->Folder() == "demo/hello/dev");
  const auto name =
      ParseDeploymentName("projects/demo/apps/hello/environments/dev/deployments/12", "name");
  REQUIRE(name.ok());
  CHECK(name->number == 12);
  CHECK(name->Name() == "projects/demo/apps/hello/environments/dev/deployments/12");
  CHECK(ParseDeploymentName("projects/demo/apps/hello/environments/dev/deployments/latest", "name")
            ->number == 0);
}

TEST_CASE("a deployment's number is a positive decimal number") {
  for (const char* bad : {"0", "-1", "1x", "newest", "99999999999999999999"}) {
    const auto name = ParseDeploymentName(
        std::string("projects/p/apps/a/environments/e/deployments/") + bad, "name");
    CHECK(name.status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK_FALSE(ParseAppEnvironment("projects/p/apps/a/environments/..", "parent").ok());
  CHECK_FALSE(ParseAppEnvironment("projects/p/apps/a", "parent").ok());
}

TEST_CASE("names of apps and deployment pipelines") {
  CHECK(ParseAppName("projects/p/apps/a", "name")->AppName() == "projects/p/apps/a");
  const auto where =
      ParseDeploymentPipelineName("projects/p/apps/a/workflows/w/deploymentPipelines/e", "name");
  REQUIRE(where.ok());
  CHECK(where->Name() == "projects/p/apps/a/environments/e");
}

}  // namespace
}  // namespace slipway::gitops
