#include "services/gitops/domain/decide.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

using Record = slipway::records::v1::Record;

CandidateFacts Facts(int64_t order) {
  CandidateFacts facts;
  facts.where = {"demo", "hello", "dev"};
  facts.image.digest = "sha256:aa";
  facts.image.ref = "refs/heads/main";
  facts.image.order = order;
  facts.automatic = true;
  facts.active_provider = "gitopsProviders/local";
  return facts;
}

TEST_CASE("the first image of an automatic deployment pipeline deploys") {
  const auto decision = Decide(Facts(1));
  CHECK(decision.deploy);
  CHECK(decision.verdict == Record::STARTED);
}

TEST_CASE("a newer image deploys, an older one that ended later does not") {
  auto facts = Facts(5);
  facts.newest_order = 4;
  CHECK(Decide(facts).deploy);
  facts.newest_order = 6;
  const auto decision = Decide(facts);
  CHECK_FALSE(decision.deploy);
  CHECK(decision.verdict == Record::SKIPPED);
  CHECK(decision.rule == "image.order");
  CHECK(decision.message.find("older build ended later") != std::string::npos);
  CHECK(decision.values.at("newest") == "6");
}

TEST_CASE("an image of a repeated run, with the same order, deploys") {
  auto facts = Facts(5);
  facts.newest_order = 5;
  CHECK(Decide(facts).deploy);
  facts.deployed_by = 3;
  CHECK(Decide(facts).rule == "image.once");
}

TEST_CASE(
    "a pinned environment takes only images newer than the newest one at the time of the "
    "rollback") {
  auto facts = Facts(7);
  facts.newest_order = 5;
  facts.pinned_by = 9;
  facts.pin_floor = 7;
  CHECK(Decide(facts).rule == "environment.pinned");
  facts.image.order = 8;
  CHECK(Decide(facts).deploy);
  facts.image.order = 1;
  facts.newest_order.reset();
  facts.pin_floor.reset();
  CHECK(Decide(facts).deploy);
}

TEST_CASE("a manual deployment pipeline waits for a person and says what to type") {
  auto facts = Facts(1);
  facts.where.environment = "prod";
  facts.automatic = false;
  const auto decision = Decide(facts);
  CHECK_FALSE(decision.deploy);
  CHECK(decision.verdict == Record::WAITING);
  CHECK(decision.message.find("slipway deploy hello/prod") != std::string::npos);
}

TEST_CASE("an image that was not healthy in the environment before is passed over") {
  auto facts = Facts(1);
  facts.after = "dev";
  CHECK(Decide(facts).rule == "deploymentPipeline.after");
  facts.healthy_in_after = true;
  CHECK(Decide(facts).deploy);
}

TEST_CASE("nothing deploys without an active provider, and the decision says so") {
  auto facts = Facts(1);
  facts.active_provider.reset();
  const auto decision = Decide(facts);
  CHECK_FALSE(decision.deploy);
  CHECK(decision.verdict == Record::REFUSED);
  CHECK(decision.message.find("no active GitOps provider") != std::string::npos);
}

}  // namespace
}  // namespace slipway::gitops
