#include "services/gitops/domain/deployment_state.h"

#include <string>

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
using Event = DeploymentEvent;

struct Transition {
  DeploymentState from;
  Event event;
  DeploymentState to;
};

constexpr Transition kTransitions[] = {
    {Status::PENDING, Event::kPicked, Status::COMMITTING},
    {Status::PENDING, Event::kFailed, Status::FAILED},
    {Status::PENDING, Event::kSuperseded, Status::SUPERSEDED},
    {Status::COMMITTING, Event::kPushed, Status::SYNCING},
    {Status::COMMITTING, Event::kFailed, Status::FAILED},
    {Status::COMMITTING, Event::kSuperseded, Status::SUPERSEDED},
    {Status::SYNCING, Event::kApplied, Status::PROGRESSING},
    {Status::SYNCING, Event::kFailed, Status::FAILED},
    {Status::SYNCING, Event::kSuperseded, Status::SUPERSEDED},
    {Status::PROGRESSING, Event::kHealthy, Status::HEALTHY},
    {Status::PROGRESSING, Event::kUnhealthy, Status::UNHEALTHY},
    {Status::PROGRESSING, Event::kFailed, Status::FAILED},
    {Status::PROGRESSING, Event::kSuperseded, Status::SUPERSEDED},
};

}  // namespace

std::optional<DeploymentState> Next(DeploymentState from, DeploymentEvent event) {
  for (const Transition& transition : kTransitions) {
    if (transition.from == from && transition.event == event) return transition.to;
  }
  return std::nullopt;
}

bool IsFinal(DeploymentState state) {
  for (const Transition& transition : kTransitions) {
    if (transition.from == state) return false;
  }
  return true;
}

std::string_view WaitsFor(DeploymentState state) {
  switch (state) {
    case Status::PENDING:
      return "waits for its commit";
    case Status::COMMITTING:
      return "its commit is on the way to the GitOps repository";
    case Status::SYNCING:
      return "waits for the target to pull the image and take the manifests";
    case Status::PROGRESSING:
      return "waits until it is healthy";
    default:
      return "";
  }
}

std::string_view StateName(DeploymentState state) { return Status::State_Name(state); }

std::optional<DeploymentState> ParseState(std::string_view name) {
  DeploymentState state;
  if (!Status::State_Parse(std::string(name), &state)) return std::nullopt;
  return state;
}

}  // namespace slipway::gitops
