#include "services/build/peers/pipeline_client.h"

#include "libs/base/error.h"
#include "libs/base/status.h"

namespace slipway::build {
namespace {

namespace pb = slipway::pipeline::v1;
using Stub = pb::PipelineService::Stub;

// Everything that is asked here may be asked again: keys and names make it idempotent.
rpc::CallOptions Options(const CallScope& scope, bool retry = true) {
  rpc::CallOptions options;
  options.deadline = scope.deadline;
  options.traceparent = scope.traceparent;
  options.retry = retry;
  return options;
}

v1::JobCredential Convert(const pb::Credential& credential) {
  v1::JobCredential converted;
  converted.set_host(credential.host());
  converted.set_username(credential.username());
  converted.set_password(credential.password());
  converted.set_insecure(credential.insecure());
  return converted;
}

}  // namespace

absl::StatusOr<plan::v1::Plan> PipelineClient::CreatePlan(const PlanWish& wish,
                                                          const CallScope& scope) {
  pb::CreatePlansRequest request;
  pb::PlanRequest& one = *request.add_requests();
  one.set_workflow(wish.workflow);
  one.set_commit(wish.commit);
  one.set_ref(wish.ref);
  one.mutable_variables()->insert(wish.variables.begin(), wish.variables.end());
  one.set_ignore_cache(wish.ignore_cache);
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto response,
      peer_.Call<pb::CreatePlansResponse>(*stub_, &Stub::CreatePlans, request, Options(scope)));
  if (response.results_size() != 1)
    return absl::InternalError("pipeline answered another number of plans");
  const auto& result = response.results(0);
  if (result.error_code() == 0) return result.plan();
  ErrorDetails details;
  details.reason = result.error_reason();
  return MakeError(static_cast<absl::StatusCode>(result.error_code()), result.error_message(),
                   std::move(details));
}

absl::StatusOr<std::string> PipelineClient::ReserveImageTag(const TagWish& wish,
                                                            const CallScope& scope) {
  pb::ReserveImageTagRequest request;
  request.set_workflow(wish.workflow);
  request.set_pattern(wish.pattern);
  request.set_registry_host(wish.registry_host);
  request.set_repository(wish.repository);
  request.set_idempotency_key(wish.key);
  SLIPWAY_ASSIGN_OR_RETURN(const auto response,
                           peer_.Call<pb::ReserveImageTagResponse>(*stub_, &Stub::ReserveImageTag,
                                                                   request, Options(scope, false)));
  return response.tag();
}

absl::Status PipelineClient::ReleaseImageTag(const std::string& key, bool used,
                                             const CallScope& scope) {
  pb::ReleaseImageTagRequest request;
  request.set_idempotency_key(key);
  request.set_used(used);
  return peer_
      .Call<pb::ReleaseImageTagResponse>(*stub_, &Stub::ReleaseImageTag, request,
                                         Options(scope, false))
      .status();
}

absl::StatusOr<Secrets> PipelineClient::ResolveSecrets(const SecretNeeds& needs,
                                                       const CallScope& scope) {
  pb::ResolveSecretsRequest request;
  for (const std::string& name : needs.git_accounts) request.add_git_accounts(name);
  for (const std::string& name : needs.registries) request.add_registries(name);
  for (const std::string& name : needs.secrets) request.add_secrets(name);
  SLIPWAY_ASSIGN_OR_RETURN(const auto response,
                           peer_.Call<pb::ResolveSecretsResponse>(*stub_, &Stub::ResolveSecrets,
                                                                  request, Options(scope, false)));
  Secrets secrets;
  for (const auto& [name, credential] : response.git_accounts())
    secrets.git_accounts[name] = Convert(credential);
  for (const auto& [name, credential] : response.registries())
    secrets.registries[name] = Convert(credential);
  for (const auto& [name, value] : response.secrets()) secrets.values[name] = value;
  return secrets;
}

absl::Status PipelineClient::ConfirmDeletion(const std::string& app, const std::string& app_uid,
                                             const CallScope& scope) {
  pb::ConfirmDeletionRequest request;
  request.set_name(app);
  request.set_service("build");
  request.set_app_uid(app_uid);
  return peer_
      .Call<pb::ConfirmDeletionResponse>(*stub_, &Stub::ConfirmDeletion, request,
                                         Options(scope, false))
      .status();
}

}  // namespace slipway::build
