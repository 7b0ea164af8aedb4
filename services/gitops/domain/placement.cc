#include "services/gitops/domain/placement.h"

#include <utility>

namespace slipway::gitops {

using Status = slipway::gitops::v1::DeploymentStatus;

Placement PlacementOf(const SyncView& view) {
  const EnvironmentState& environment = *view.environment;
  const bool applied = !environment.applied_tree.empty();
  Placement place{environment.cluster, environment.k8s_namespace};
  if (view.deployment && (view.deployment->state == Status::SYNCING || !applied)) {
    place = {view.deployment->cluster, view.deployment->k8s_namespace};
    place.by_deployment = true;
  }
  if (place.k8s_namespace.empty()) place.k8s_namespace = environment.where.environment;
  if (applied && environment.cluster != place.cluster) place.previous = environment.cluster;
  return place;
}

void Place(const SyncView& view, DesiredState& desired) {
  Placement place = PlacementOf(view);
  desired.cluster = std::move(place.cluster);
  desired.k8s_namespace = std::move(place.k8s_namespace);
  desired.previous_cluster = std::move(place.previous);
  desired.applied_commit = view.environment->applied_commit;
  if (place.by_deployment) {
    desired.ignored = view.deployment->deploy.ignore_differences();
  } else {
    desired.ignored = view.environment->ignored;
  }
}

}  // namespace slipway::gitops
