#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// What people look at on clusters. Asks the cluster, so it takes as long as that. Implemented by
// TargetSet; thread-safe. Errors as Target.
class Inspector {
 public:
  virtual ~Inspector() = default;

  // What the app has there. FAILED_PRECONDITION: it runs on this machine.
  virtual absl::StatusOr<slipway::gitops::v1::ResourceTree> Tree(const DesiredState& desired) = 0;
  // What Apply would change, by dry runs.
  virtual absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> Diff(
      const DesiredState& desired) = 0;
  // Whether the cluster can be used. NOT_FOUND: there is none of this id.
  virtual absl::StatusOr<slipway::gitops::v1::CheckClusterResponse> Check(
      const std::string& cluster) = 0;
};

}  // namespace slipway::gitops
