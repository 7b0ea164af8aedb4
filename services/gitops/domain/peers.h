#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/target.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {

// What gitops asks of pipeline, the service below it. Replaced in tests. Thread-safe.
class PipelinePeer {
 public:
  virtual ~PipelinePeer() = default;

  // How an app is deployed to an environment. NOT_FOUND: there is no such deployment pipeline (any
  // more).
  virtual absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> ResolveDeployment(
      const AppEnvironment& where) = 0;
  // The credential for pulling from `host` (host and port), if a registry of that host is set up.
  virtual absl::StatusOr<std::vector<PullCredential>> PullCredentials(const std::string& host) = 0;
  // gitops has cleaned up after `name`. OK also when that was known.
  virtual absl::Status ConfirmDeletion(const std::string& name, const std::string& app_uid) = 0;
};

}  // namespace slipway::gitops
