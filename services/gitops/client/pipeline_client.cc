#include "services/gitops/client/pipeline_client.h"

#include "libs/base/status.h"
#include "services/gitops/source/account_host.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::pipeline::v1;
using Stub = pb::PipelineService::Stub;

// Host and port of a registry's URL, which may be just that.
std::string HostOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

}  // namespace

absl::StatusOr<pb::ResolveDeploymentResponse> PipelineClient::ResolveDeployment(
    const AppEnvironment& where) {
  pb::ResolveDeploymentRequest request;
  request.set_app(where.AppName());
  request.set_environment(where.environment);
  return peer_.Call<pb::ResolveDeploymentResponse>(*stub_, &Stub::ResolveDeployment, request,
                                                   {.retry = true});
}

absl::StatusOr<std::vector<PullCredential>> PipelineClient::PullCredentials(
    const std::string& host) {
  pb::ListRegistriesRequest list;
  list.set_page_size(1000);
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto registries,
      peer_.Call<pb::ListRegistriesResponse>(*stub_, &Stub::ListRegistries, list, {.retry = true}));
  pb::ResolveSecretsRequest wanted;
  for (const pb::Registry& registry : registries.registries()) {
    if (HostOf(registry.spec().url()) == host) wanted.add_registries(registry.name());
  }
  std::vector<PullCredential> found;
  if (wanted.registries().empty()) return found;
  SLIPWAY_ASSIGN_OR_RETURN(const auto secrets,
                           peer_.Call<pb::ResolveSecretsResponse>(*stub_, &Stub::ResolveSecrets,
                                                                  wanted, {.retry = true}));
  for (const auto& [name, credential] : secrets.registries()) {
    if (credential.username().empty()) continue;
    found.push_back(
        {.host = host, .username = credential.username(), .password = credential.password()});
  }
  return found;
}

absl::StatusOr<pb::KubernetesTarget> PipelineClient::ResolveCluster(const std::string& cluster) {
  pb::ResolveSecretsRequest wanted;
  const std::string name = "clusters/" + cluster;
  wanted.add_clusters(name);
  SLIPWAY_ASSIGN_OR_RETURN(const auto secrets,
                           peer_.Call<pb::ResolveSecretsResponse>(*stub_, &Stub::ResolveSecrets,
                                                                  wanted, {.retry = true}));
  const auto found = secrets.clusters().find(name);
  if (found == secrets.clusters().end()) return absl::NotFoundError("no cluster " + cluster);
  return found->second;
}

absl::StatusOr<pb::ProjectSpec> PipelineClient::GetProject(const std::string& project) {
  pb::GetProjectRequest request;
  request.set_name("projects/" + project);
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto found,
      peer_.Call<pb::Project>(*stub_, &Stub::GetProject, request, {.retry = true}));
  return found.spec();
}

absl::StatusOr<pb::EnvironmentSpec> PipelineClient::GetEnvironment(const std::string& environment) {
  pb::GetEnvironmentRequest request;
  request.set_name("environments/" + environment);
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto found,
      peer_.Call<pb::Environment>(*stub_, &Stub::GetEnvironment, request, {.retry = true}));
  return found.spec();
}

absl::StatusOr<GitCredential> PipelineClient::GitAccount(const std::string& account,
                                                         const std::string& url) {
  pb::ResolveSecretsRequest wanted;
  wanted.add_git_accounts(account);
  SLIPWAY_ASSIGN_OR_RETURN(const auto secrets,
                           peer_.Call<pb::ResolveSecretsResponse>(*stub_, &Stub::ResolveSecrets,
                                                                  wanted, {.retry = true}));
  const auto found = secrets.git_accounts().find(account);
  if (found == secrets.git_accounts().end()) return absl::NotFoundError("no account " + account);
  SLIPWAY_RETURN_IF_ERROR(CheckAccountHost(account, found->second.host(), url));
  return GitCredential{found->second.username(), found->second.password()};
}

absl::StatusOr<pb::App> PipelineClient::GetApp(const std::string& name) {
  pb::GetAppRequest request;
  request.set_name(name);
  return peer_.Call<pb::App>(*stub_, &Stub::GetApp, request, {.retry = true});
}

absl::Status PipelineClient::ConfirmDeletion(const std::string& name, const std::string& app_uid) {
  pb::ConfirmDeletionRequest request;
  request.set_name(name);
  request.set_service("gitops");
  request.set_app_uid(app_uid);
  return peer_
      .Call<pb::ConfirmDeletionResponse>(*stub_, &Stub::ConfirmDeletion, request, {.retry = true})
      .status();
}

}  // namespace slipway::gitops
