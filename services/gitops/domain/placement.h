#pragma once

#include <string>

#include "services/gitops/domain/sync_writer.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// Where the desired state belongs. A value.
struct Placement {
  std::string cluster = {};
  std::string k8s_namespace = {};
  std::string previous = {};   // where it is applied now, if that is another cluster
  bool by_deployment = false;  // as the deployment wants it
};

// A deployment takes its environment along when its commit is the one that is applied; until then,
// and for commits of others, it stays where it is. `view` has an environment.
Placement PlacementOf(const SyncView& view);

// Fills in where `desired` belongs, which fields are left to others there, and what was applied.
void Place(const SyncView& view, DesiredState& desired);

}  // namespace slipway::gitops
