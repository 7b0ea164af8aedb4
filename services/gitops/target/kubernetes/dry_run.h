#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/plan.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops::kubernetes {

// What a sync would change, by the server's own dry runs, so that its defaults and admission count.
// Values of Secrets are masked. Writes nothing. UNAVAILABLE.
absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> DryRun(
    const DesiredState& desired, const Plan& plan, const Inventory::Entries& entries,
    Cluster& cluster, const std::string& manager);

}  // namespace slipway::gitops::kubernetes
