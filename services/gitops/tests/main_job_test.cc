#include <catch2/catch.hpp>

#include "services/gitops/testing/stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

TEST_CASE("a new image is committed, runs and answers, and the next one replaces it") {
  Stage stage;
  const auto first = stage.MakeImage("hello one", 1);
  const absl::Time announced = absl::Now();
  stage.Announce(first);
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  const absl::Duration took = *one.ended - announced;
  INFO(one.reason);
  REQUIRE(one.state == Status::HEALTHY);
  WARN("image.created to healthy: " << absl::FormatDuration(took));
  CHECK(Stage::Fetch(one.url + "index.html") == "hello one");
  CHECK(stage.git.Git("ops", {"rev-parse", "main"}) == one.commit);
  const std::string message = stage.git.Git("ops", {"log", "-1", "--format=%B", "main"});
  CHECK(message.find("Slipway-Deployment: " + one.Name()) != std::string::npos);
  CHECK(message.find("Slipway-Image: " + first.image().reference()) != std::string::npos);
  CHECK(stage.git.Git("ops", {"show", "main:demo/hello/dev/deployment.yaml"})
            .find(first.image().reference()) != std::string::npos);
  CHECK(stage.Journal(one.Name()) ==
        std::vector<std::string>{"deployment.created", "deployment.committing", "deployment.pushed",
                                 "target.differs", "deployment.applied", "deployment.healthy"});

  stage.Announce(stage.MakeImage("hello two", 2));
  const Deployment two = stage.AwaitEnd(Stage::kDev, 2);
  REQUIRE(two.state == Status::HEALTHY);
  CHECK(two.url == one.url);
  CHECK(Stage::Fetch(two.url + "index.html") == "hello two");
  CHECK(stage.git.Git("ops", {"rev-list", "--count", "main"}) == "2");
}

}  // namespace
}  // namespace slipway::gitops
