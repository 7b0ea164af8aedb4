#pragma once

#include "absl/status/statusor.h"
#include "libs/kube/client/kubeconfig.h"
#include "libs/kube/health.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::gitops::kubernetes {

// How a cluster is reached, by its definition: a kubeconfig, server and token, or the service
// account of this process' own pod. INVALID_ARGUMENT; NOT_FOUND outside a cluster.
absl::StatusOr<kube::ClusterAccess> AccessOf(
    const slipway::pipeline::v1::KubernetesTarget& definition);

// How objects of a cluster are judged, by its definition. INVALID_ARGUMENT: its rules are none.
absl::StatusOr<kube::HealthOptions> HealthOptionsOf(
    const slipway::pipeline::v1::KubernetesTarget& definition);

}  // namespace slipway::gitops::kubernetes
