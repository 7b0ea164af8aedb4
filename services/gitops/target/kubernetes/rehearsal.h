#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Whether the server would take `objects` of the plan, by dry runs all at once: what it refuses for
// good fails before the first write instead of in the middle of a sync. What the sync makes itself
// can't be asked for: objects of definitions that it applies, and what is in namespaces that are
// not there yet. Writes nothing. Errors as Target.
absl::Status Rehearse(const DesiredState& desired, const Plan& plan,
                      const std::vector<const PlannedObject*>& objects, Cluster& cluster,
                      const std::string& manager);

}  // namespace slipway::gitops::kubernetes
