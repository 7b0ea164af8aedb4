#pragma once

#include <vector>

#include "absl/status/status.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// Whether the project allows what is about to be written: OK, or FAILED_PRECONDITION PROJECT_LIMITS
// naming the first breach and how many there are more. For targets, after rendering and before any
// write; `objects` have their namespaces by now. Pure.
absl::Status CheckLimits(const DesiredState& desired, const std::vector<kube::ObjectId>& objects);

// The same for a target whose objects all lie in the environment's namespace, from the manifests.
absl::Status CheckLimitsOfManifests(const DesiredState& desired);

}  // namespace slipway::gitops
