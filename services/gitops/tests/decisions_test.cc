#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/testing/stage.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Status = pb::DeploymentStatus;

Caller Admin() {
  return {.actor = "user:admin",
          .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"};
}

absl::StatusOr<pb::Deployment> Deploy(Stage& stage, const AppEnvironment& where,
                                      const std::string& image,
                                      const std::string& request_id = "") {
  pb::CreateDeploymentRequest request;
  request.set_parent(where.Name());
  request.set_image(image);
  request.set_request_id(request_id);
  return stage.process->deployer.Create(request, Admin());
}

absl::StatusOr<pb::Deployment> Rollback(Stage& stage, const AppEnvironment& where, int64_t to = 0,
                                        pb::RollbackConfig config = pb::EARLIER) {
  pb::RollbackRequest request;
  request.set_name(where.Name());
  request.set_to(to);
  request.set_config(config);
  return stage.process->deployer.Rollback(request, Admin());
}

TEST_CASE("an older build that ends later never deploys, and the decision says so") {
  Stage stage;
  stage.Announce(stage.MakeImage("new", 5));
  REQUIRE(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  const auto old = stage.MakeImage("old", 4);
  stage.Announce(old);
  REQUIRE(Stage::Eventually([&] {
    return stage.Journal(old.image().name()) == std::vector<std::string>{"deployment.not_started"};
  }));
  CHECK(stage.Find(Stage::kDev)->number == 1);
}

TEST_CASE(
    "prod waits for a person, takes only what was healthy in dev, and makes one deployment for one "
    "request") {
  Stage stage;
  const auto image = stage.MakeImage("one", 1);
  const absl::Status early = Deploy(stage, Stage::kProd, "").status();
  CHECK(early.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(MessageOf(early).find("dev") != std::string::npos);
  stage.Announce(image);
  REQUIRE(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  REQUIRE(Stage::Eventually([&] {
    return stage.Journal(image.image().name()) ==
           std::vector<std::string>{"deployment.created",         "deployment.committing",
                                    "deployment.pushed",          "target.differs",
                                    "deployment.applied",         "deployment.healthy",
                                    "deployment.waits_for_person"};
  }));
  CHECK_FALSE(stage.Find(Stage::kProd).has_value());

  // Known, but never in dev: another app environment's image.
  auto other = stage.MakeImage("two", 2);
  other.clear_targets();
  stage.Announce(other);
  const absl::Status refused = Deploy(stage, Stage::kProd, other.image().digest()).status();
  CHECK(DetailsOf(refused).reason == "NEVER_HEALTHY_IN_AFTER");
  CHECK(MessageOf(refused).find(other.image().digest()) != std::string::npos);
  CHECK(DetailsOf(Deploy(stage, Stage::kProd, "sha256:doesnotexist").status()).reason ==
        "IMAGE_UNKNOWN");

  const auto first = Deploy(stage, Stage::kProd, "", "request-1");
  REQUIRE(first.ok());
  const auto again = Deploy(stage, Stage::kProd, "", "request-1");
  REQUIRE(again.ok());
  CHECK(again->name() == first->name());
  const Deployment prod = stage.AwaitEnd(Stage::kProd, 1);
  CHECK(prod.state == Status::HEALTHY);
  CHECK(prod.actor == "user:admin");
  CHECK(prod.url != stage.Find(Stage::kDev)->url);
  CHECK(Stage::Fetch(prod.url + "index.html") == "one");
}

TEST_CASE(
    "a rollback brings the earlier image and its configuration back and pins them until a newer "
    "image comes") {
  Stage stage;
  stage.Announce(stage.MakeImage("one", 1));
  REQUIRE(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  CHECK(DetailsOf(Rollback(stage, Stage::kDev).status()).reason == "NOTHING_TO_ROLL_BACK_TO");
  FakePipeline::Pipeline saved;
  saved.deploy.set_port(8080);
  (*saved.deploy.mutable_env())["COLOUR"] = "blue";
  stage.pipeline.Set(Stage::kDev, saved);
  stage.Announce(stage.MakeImage("two", 2));
  REQUIRE(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
  CHECK(stage.Find(Stage::kDev)->deploy.env().at("COLOUR") == "blue");

  const auto back = Rollback(stage, Stage::kDev);
  REQUIRE(back.ok());
  CHECK(back->status().pinned());
  CHECK(back->status().rollback_of() == DeploymentName{Stage::kDev, 1}.Name());
  const Deployment third = stage.AwaitEnd(Stage::kDev, 3);
  REQUIRE(third.state == Status::HEALTHY);
  CHECK(third.deploy.env().empty());
  CHECK(Stage::Fetch(third.url + "index.html") == "one");

  // Built before the rollback, announced after it.
  const auto late = stage.MakeImage("late", 2);
  stage.Announce(late);
  REQUIRE(Stage::Eventually([&] { return !stage.Journal(late.image().name()).empty(); }));
  CHECK(stage.Find(Stage::kDev)->number == 3);

  const auto with_config = Rollback(stage, Stage::kDev, 2, pb::DEPLOYED);
  REQUIRE(with_config.ok());
  const Deployment fourth = stage.AwaitEnd(Stage::kDev, 4);
  CHECK(Stage::Fetch(fourth.url + "index.html") == "two");
  CHECK(fourth.deploy.env().empty());
  const auto with_saved = Rollback(stage, Stage::kDev, 1, pb::SAVED);
  REQUIRE(with_saved.ok());
  CHECK(stage.AwaitEnd(Stage::kDev, 5).deploy.env().at("COLOUR") == "blue");

  stage.Announce(stage.MakeImage("three", 3));
  const Deployment newest = stage.AwaitEnd(Stage::kDev, 6);
  CHECK(newest.state == Status::HEALTHY);
  CHECK(Stage::Fetch(newest.url + "index.html") == "three");
  CHECK(DetailsOf(Rollback(stage, Stage::kDev, 99).status()).reason == "DEPLOYMENT_NOT_FOUND");
}

TEST_CASE("nothing deploys without an active provider") {
  Stage stage({.active_provider = false});
  const auto image = stage.MakeImage("one", 1);
  stage.Announce(image);
  REQUIRE(Stage::Eventually([&] {
    return stage.Journal(image.image().name()) ==
           std::vector<std::string>{"deployment.not_started"};
  }));
  CHECK_FALSE(stage.Find(Stage::kDev).has_value());
  const absl::Status asked = Deploy(stage, Stage::kDev, "").status();
  CHECK(asked.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(MessageOf(asked).find("no active GitOps provider") != std::string::npos);
}

}  // namespace
}  // namespace slipway::gitops
