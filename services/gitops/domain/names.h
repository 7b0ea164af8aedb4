#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::gitops {

// The cluster that is this machine, where the leader works; all others are Kubernetes clusters.
inline constexpr char kLocalCluster[] = "local";

// One app in one environment: what a deployment is for. A value.
struct AppEnvironment {
  std::string project = {};
  std::string app = {};
  std::string environment = {};

  auto operator<=>(const AppEnvironment&) const = default;

  // "projects/P/apps/A/environments/E"
  std::string Name() const;
  // "projects/P/apps/A"
  std::string AppName() const;
  // "P/A/E": its folder in the GitOps repository.
  std::string Folder() const;
  // "A/E", as people write it.
  std::string Short() const;
};

// Number of a deployment in a name: 0 stands for "latest".
struct DeploymentName {
  AppEnvironment where = {};
  int64_t number = 0;

  // "projects/P/apps/A/environments/E/deployments/N"
  std::string Name() const;
};

// "projects/P/apps/A/environments/E"; INVALID_ARGUMENT naming `field`.
absl::StatusOr<AppEnvironment> ParseAppEnvironment(std::string_view name, std::string_view field);
// "projects/P/apps/A/environments/E/deployments/N", N a number from 1 on or "latest".
absl::StatusOr<DeploymentName> ParseDeploymentName(std::string_view name, std::string_view field);
// "projects/P/apps/A" with an empty environment.
absl::StatusOr<AppEnvironment> ParseAppName(std::string_view name, std::string_view field);
// "projects/P/apps/A/workflows/W/deploymentPipelines/E"
absl::StatusOr<AppEnvironment> ParseDeploymentPipelineName(std::string_view name,
                                                           std::string_view field);

}  // namespace slipway::gitops
