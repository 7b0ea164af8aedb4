#pragma once

#include <optional>
#include <string_view>

#include "slipway/gitops/v1/gitops.pb.h"

// The life of a deployment as one table. Pure.
namespace slipway::gitops {

using DeploymentState = slipway::gitops::v1::DeploymentStatus::State;

// What happens to a deployment.
enum class DeploymentEvent {
  kPicked,      // the committer took it up
  kPushed,      // its commit is on the branch
  kApplied,     // the target accepted the manifests
  kHealthy,     // what runs answers
  kUnhealthy,   // it did not get healthy in time, or does not stay up
  kFailed,      // it will not get to the target
  kSuperseded,  // a newer one took its place
};

// The state after `event`; empty where the event means nothing in that state, as in every final
// one.
std::optional<DeploymentState> Next(DeploymentState from, DeploymentEvent event);

// Nothing happens to it any more.
bool IsFinal(DeploymentState state);

// What a deployment in this state waits for, where nothing keeps it from going on; empty for a
// final one.
std::string_view WaitsFor(DeploymentState state);

// "PENDING", as in the contract and in the database.
std::string_view StateName(DeploymentState state);
std::optional<DeploymentState> ParseState(std::string_view name);

}  // namespace slipway::gitops
