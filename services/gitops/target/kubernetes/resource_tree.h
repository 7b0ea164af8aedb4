#pragma once

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/plan.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops::kubernetes {

// What an app has on its cluster: its objects by what was seen of them, and below them ReplicaSets,
// Jobs and Pods, which are listed now in the namespaces of the app; warnings about those that are
// not healthy. What could not be listed is left out.
slipway::gitops::v1::ResourceTree TreeOf(const DesiredState& desired, const Plan& plan,
                                         const Inventory::Entries& entries, Cluster& cluster);

}  // namespace slipway::gitops::kubernetes
