#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "services/gitops/domain/peers.h"

namespace slipway::gitops {

// The uid of every app of FakePipeline.
inline constexpr char kAppUid[] = "uid-hello";

// pipeline as tests need it: deployment pipelines by environment. Thread-safe.
class FakePipeline final : public PipelinePeer {
 public:
  struct Pipeline {
    std::string after = {};
    bool automatic = true;
    std::string cluster = "local";
    std::string k8s_namespace = {};
    slipway::pipeline::v1::DeploySpec deploy = {};
    std::vector<std::string> next = {};
    // Repository of deploy.path; with `synced` there is no workflow.
    slipway::pipeline::v1::Repository repository = {};
    bool synced = false;
  };
  void Set(const AppEnvironment& where, const Pipeline& pipeline);
  void Forget(const AppEnvironment& where);
  void SetCredential(PullCredential credential);
  void SetCluster(const std::string& id, slipway::pipeline::v1::KubernetesTarget cluster);
  void SetProject(const std::string& id, slipway::pipeline::v1::ProjectSpec spec);
  void SetEnvironment(const std::string& id, slipway::pipeline::v1::EnvironmentSpec spec);
  // Definitions can't be read: pipeline is down.
  void SetAway(bool away);
  std::vector<std::string> confirmed();

  absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> ResolveDeployment(
      const AppEnvironment& where) override;
  absl::StatusOr<std::vector<PullCredential>> PullCredentials(const std::string& host) override;
  absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> ResolveCluster(
      const std::string& cluster) override;
  absl::StatusOr<slipway::pipeline::v1::ProjectSpec> GetProject(
      const std::string& project) override;
  absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> GetEnvironment(
      const std::string& environment) override;
  absl::StatusOr<GitCredential> GitAccount(const std::string& account,
                                           const std::string& url) override;
  // With the environments of all pipelines that are only synced.
  absl::StatusOr<slipway::pipeline::v1::App> GetApp(const std::string& name) override;
  absl::Status ConfirmDeletion(const std::string& name, const std::string& app_uid) override;

 private:
  Mutex mu_;
  bool away_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::map<std::string, slipway::pipeline::v1::ProjectSpec> projects_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, slipway::pipeline::v1::EnvironmentSpec> environments_
      SLIPWAY_GUARDED_BY(mu_);
  std::map<AppEnvironment, Pipeline> pipelines_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<PullCredential> credentials_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, slipway::pipeline::v1::KubernetesTarget> clusters_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> confirmed_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
