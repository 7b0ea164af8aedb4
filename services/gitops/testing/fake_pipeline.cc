#include "services/gitops/testing/fake_pipeline.h"

#include <utility>

namespace slipway::gitops {

void FakePipeline::Set(const AppEnvironment& where, const Pipeline& pipeline) {
  MutexLock lock(mu_);
  pipelines_[where] = pipeline;
}

void FakePipeline::Forget(const AppEnvironment& where) {
  MutexLock lock(mu_);
  pipelines_.erase(where);
}

void FakePipeline::SetCredential(PullCredential credential) {
  MutexLock lock(mu_);
  credentials_ = {std::move(credential)};
}

void FakePipeline::SetCluster(const std::string& id,
                              slipway::pipeline::v1::KubernetesTarget cluster) {
  MutexLock lock(mu_);
  clusters_[id] = std::move(cluster);
}

std::vector<std::string> FakePipeline::confirmed() {
  MutexLock lock(mu_);
  return confirmed_;
}

absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> FakePipeline::ResolveDeployment(
    const AppEnvironment& where) {
  MutexLock lock(mu_);
  const auto found = pipelines_.find(where);
  if (found == pipelines_.end())
    return absl::NotFoundError("no deployment pipeline " + where.Name());
  slipway::pipeline::v1::ResolveDeploymentResponse response;
  response.set_workflow(where.AppName() + "/workflows/main");
  response.set_app_uid(kAppUid);
  *response.mutable_deploy() = found->second.deploy;
  response.mutable_pipeline()->set_environment(where.environment);
  response.mutable_environment()->mutable_spec()->set_cluster(found->second.cluster);
  if (found->second.cluster != "local") {
    response.mutable_cluster()->mutable_spec()->mutable_kubernetes();
  }
  response.mutable_environment()->mutable_spec()->set_namespace_(found->second.k8s_namespace);
  response.mutable_pipeline()->set_after(found->second.after);
  response.mutable_pipeline()->set_trigger(
      found->second.automatic ? slipway::pipeline::v1::AUTOMATIC : slipway::pipeline::v1::MANUAL);
  for (const std::string& next : found->second.next) response.add_next(next);
  *response.mutable_repository() = found->second.repository;
  response.set_synced(found->second.synced);
  return response;
}

absl::StatusOr<std::vector<PullCredential>> FakePipeline::PullCredentials(const std::string& host) {
  MutexLock lock(mu_);
  std::vector<PullCredential> found;
  for (const PullCredential& credential : credentials_) {
    if (credential.host == host) found.push_back(credential);
  }
  return found;
}

absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> FakePipeline::ResolveCluster(
    const std::string& cluster) {
  MutexLock lock(mu_);
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return absl::NotFoundError("no cluster " + cluster);
  return found->second;
}

void FakePipeline::SetProject(const std::string& id, slipway::pipeline::v1::ProjectSpec spec) {
  MutexLock lock(mu_);
  projects_[id] = std::move(spec);
}

void FakePipeline::SetEnvironment(const std::string& id,
                                  slipway::pipeline::v1::EnvironmentSpec spec) {
  MutexLock lock(mu_);
  environments_[id] = std::move(spec);
}

void FakePipeline::SetAway(bool away) {
  MutexLock lock(mu_);
  away_ = away;
}

absl::StatusOr<slipway::pipeline::v1::ProjectSpec> FakePipeline::GetProject(
    const std::string& project) {
  MutexLock lock(mu_);
  if (away_) return absl::UnavailableError("pipeline is away");
  return projects_[project];
}

absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> FakePipeline::GetEnvironment(
    const std::string& environment) {
  MutexLock lock(mu_);
  if (away_) return absl::UnavailableError("pipeline is away");
  return environments_[environment];
}

absl::StatusOr<GitCredential> FakePipeline::GitAccount(const std::string& account,
                                                       const std::string&) {
  return absl::NotFoundError("no account " + account);
}

absl::StatusOr<slipway::pipeline::v1::App> FakePipeline::GetApp(const std::string& name) {
  MutexLock lock(mu_);
  slipway::pipeline::v1::App app;
  app.set_name(name);
  for (const auto& [where, pipeline] : pipelines_) {
    if (where.AppName() != name || !pipeline.synced) continue;
    app.mutable_spec()->add_environments()->set_environment(where.environment);
  }
  return app;
}

absl::Status FakePipeline::ConfirmDeletion(const std::string& name, const std::string&) {
  MutexLock lock(mu_);
  confirmed_.push_back(name);
  return absl::OkStatus();
}

}  // namespace slipway::gitops
