#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/target.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {

// User and password for a git host. A value; never logged.
struct GitCredential {
  std::string username = {};
  std::string password = {};
};

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
  // A Kubernetes cluster by its id, with its credential. NOT_FOUND: there is none (any more).
  virtual absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> ResolveCluster(
      const std::string& cluster) = 0;
  // Windows and limits of a project, settings of an environment, by id. NOT_FOUND: there is none.
  virtual absl::StatusOr<slipway::pipeline::v1::ProjectSpec> GetProject(
      const std::string& project) = 0;
  virtual absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> GetEnvironment(
      const std::string& environment) = 0;
  // The credential of a Git account for a repository at `url`. FAILED_PRECONDITION if the account is
  // for another host: its credential goes to no other.
  virtual absl::StatusOr<GitCredential> GitAccount(const std::string& account,
                                                   const std::string& url) = 0;
  // An app by its name. NOT_FOUND.
  virtual absl::StatusOr<slipway::pipeline::v1::App> GetApp(const std::string& name) = 0;
  // gitops has cleaned up after `name`. OK also when that was known.
  virtual absl::Status ConfirmDeletion(const std::string& name, const std::string& app_uid) = 0;
};

}  // namespace slipway::gitops
