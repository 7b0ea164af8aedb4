#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/names.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// What people read about deployments. Owned by App; thread-safe.
class DeploymentQueries {
 public:
  explicit DeploymentQueries(db::Pool& pool) : pool_(pool) {}

  // Number 0: the newest.
  absl::StatusOr<slipway::gitops::v1::Deployment> Get(const DeploymentName& name);

  // `visible` says what the caller may see: "-" in the parent stands for any.
  using Visible = std::function<bool(const AppEnvironment& where)>;
  absl::StatusOr<slipway::gitops::v1::ListDeploymentsResponse> List(
      const slipway::gitops::v1::ListDeploymentsRequest& request, const Visible& visible);

 private:
  db::Pool& pool_;
};

}  // namespace slipway::gitops
