#include "services/gitops/client/pipeline_client.h"

#include "libs/base/status.h"

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
