#include "services/gitops/domain/deployment_state.h"

#include <catch2/catch.hpp>
#include <vector>

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
using Event = DeploymentEvent;

const std::vector<Event> kAllEvents = {Event::kPicked,    Event::kPushed,    Event::kApplied,
                                       Event::kHealthy,   Event::kUnhealthy, Event::kFailed,
                                       Event::kSuperseded};

TEST_CASE("a deployment goes from pending to healthy step by step") {
  DeploymentState state = Status::PENDING;
  for (const Event event : {Event::kPicked, Event::kPushed, Event::kApplied, Event::kHealthy}) {
    const auto next = Next(state, event);
    REQUIRE(next.has_value());
    state = *next;
  }
  CHECK(state == Status::HEALTHY);
}

TEST_CASE("every state but the final ones can be superseded and can fail") {
  for (const auto state :
       {Status::PENDING, Status::COMMITTING, Status::SYNCING, Status::PROGRESSING}) {
    CHECK_FALSE(IsFinal(state));
    CHECK(Next(state, Event::kSuperseded) == Status::SUPERSEDED);
    CHECK(Next(state, Event::kFailed) == Status::FAILED);
  }
}

TEST_CASE("final states stay") {
  for (const auto state :
       {Status::HEALTHY, Status::UNHEALTHY, Status::FAILED, Status::SUPERSEDED}) {
    CHECK(IsFinal(state));
    for (const Event event : kAllEvents) CHECK_FALSE(Next(state, event).has_value());
  }
}

TEST_CASE("no step is skipped") {
  CHECK_FALSE(Next(Status::PENDING, Event::kPushed).has_value());
  CHECK_FALSE(Next(Status::COMMITTING, Event::kApplied).has_value());
  CHECK_FALSE(Next(Status::SYNCING, Event::kHealthy).has_value());
  CHECK_FALSE(Next(Status::PROGRESSING, Event::kPicked).has_value());
}

TEST_CASE("names of states read back") {
  for (int i = Status::State_MIN; i <= Status::State_MAX; ++i) {
    const auto state = static_cast<DeploymentState>(i);
    CHECK(ParseState(StateName(state)) == state);
  }
  CHECK_FALSE(ParseState("healthy").has_value());
}

}  // namespace
}  // namespace slipway::gitops
