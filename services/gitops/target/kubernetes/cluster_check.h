#pragma once

#include <string>

#include "libs/http/outgoing_guard.h"
#include "slipway/gitops/v1/gitops.pb.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::gitops::kubernetes {

// Tries a cluster as it is defined: whether the definition is of use, the server is reached and
// takes the credential, and which of the rights that syncs need it gives. Writes nothing. `guard`
// null: every address is allowed.
slipway::gitops::v1::CheckClusterResponse CheckCluster(
    const slipway::pipeline::v1::KubernetesTarget& definition, const http::OutgoingGuard* guard);

}  // namespace slipway::gitops::kubernetes
