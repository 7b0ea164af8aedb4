#include "services/pipeline/api/pipeline_api.h"

#include "libs/base/status.h"
#include "libs/rpc/errors.h"
#include "libs/service/event_stream.h"

namespace slipway::pipeline {
namespace {

using grpc::ServerContext;
using rpc::CallContext;
using slipway::api::Permission;
using slipway::auth::v1::Principal;

// Values leave this service only for the one that hands them to runners, and for the one that
// deploys: credentials of registries, clusters and repositories.
absl::Status MayResolve(const CallContext& call, const v1::ResolveSecretsRequest& request) {
  const bool is_service = call.principal.kind() == Principal::SERVICE;
  const bool for_builds = request.clusters().empty();
  const bool for_targets = request.secrets().empty();
  if (is_service && call.principal.id() == "build" && for_builds) return absl::OkStatus();
  if (is_service && call.principal.id() == "gitops" && for_targets) return absl::OkStatus();
  return rpc::RightMissing(Permission::SERVICE, "secret values");
}

}  // namespace

const google::protobuf::ServiceDescriptor* PipelineApi::Contract() {
  return v1::CreateAppRequest::GetDescriptor()->file()->service(0);
}

Caller PipelineApi::CallerOf(CallContext& call) {
  Caller caller;
  caller.deadline = call.deadline;
  caller.audit = [this, &call](db::Tx& tx, const std::string& resource) {
    return parts_.audit.Append(tx, call, resource);
  };
  caller.may_see = [&call](const std::string& name) {
    const rpc::Scope scope = rpc::ScopeOfName(name);
    // Kinds of the whole installation are for everybody who is signed in.
    if (scope.project.empty()) return true;
    return call.Can(Permission::VIEW, scope) ||
           rpc::AllowsSomethingIn(call.principal, Permission::VIEW, scope);
  };
  caller.may_edit = [&call](const std::string& name, bool global) {
    if (!global) return call.Require(Permission::EDIT, rpc::ScopeOfName(name), name);
    return call.Can(Permission::SUPER, {}) ? absl::OkStatus()
                                           : rpc::RightMissing(Permission::SUPER, name);
  };
  return caller;
}

grpc::Status PipelineApi::ListCommits(ServerContext* context, const v1::ListCommitsRequest* request,
                                      v1::ListCommitsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.repositories.ListCommits(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::ValidateResources(ServerContext* context,
                                            const v1::ValidateResourcesRequest* request,
                                            v1::ValidateResourcesResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.definitions.ValidateSet(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::DeleteDeploymentPipeline(
    ServerContext* context, const v1::DeleteDeploymentPipelineRequest* request,
    v1::Workflow* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.deletions.DeletePipeline(CallerOf(call), request->name());
  });
}

grpc::Status PipelineApi::FindWorkflows(ServerContext* context,
                                        const v1::FindWorkflowsRequest* request,
                                        v1::FindWorkflowsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.planner.FindWorkflows(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::ListChangedPaths(ServerContext* context,
                                           const v1::ListChangedPathsRequest* request,
                                           v1::ListChangedPathsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.repositories.ListChangedPaths(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::CreatePlans(ServerContext* context, const v1::CreatePlansRequest* request,
                                      v1::CreatePlansResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.planner.CreatePlans(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::ReserveImageTag(ServerContext* context,
                                          const v1::ReserveImageTagRequest* request,
                                          v1::ReserveImageTagResponse* response) {
  return parts_.gate.Unary(context, *request, response,
                           [&](CallContext& call) -> absl::StatusOr<v1::ReserveImageTagResponse> {
                             v1::ReserveImageTagResponse answer;
                             SLIPWAY_ASSIGN_OR_RETURN(
                                 *answer.mutable_tag(),
                                 parts_.engine.tags.Reserve(CallerOf(call), *request));
                             return answer;
                           });
}

grpc::Status PipelineApi::ReleaseImageTag(ServerContext* context,
                                          const v1::ReleaseImageTagRequest* request,
                                          v1::ReleaseImageTagResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.tags.Release(CallerOf(call), request->idempotency_key(), request->used());
  });
}

grpc::Status PipelineApi::ResolveSecrets(ServerContext* context,
                                         const v1::ResolveSecretsRequest* request,
                                         v1::ResolveSecretsResponse* response) {
  return parts_.gate.Unary(context, *request, response,
                           [&](CallContext& call) -> absl::StatusOr<v1::ResolveSecretsResponse> {
                             SLIPWAY_RETURN_IF_ERROR(MayResolve(call, *request));
                             return parts_.engine.planner.ResolveSecrets(CallerOf(call), *request);
                           });
}

grpc::Status PipelineApi::ResolveDeployment(ServerContext* context,
                                            const v1::ResolveDeploymentRequest* request,
                                            v1::ResolveDeploymentResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.planner.ResolveDeployment(CallerOf(call), *request);
  });
}

grpc::Status PipelineApi::ConfirmDeletion(ServerContext* context,
                                          const v1::ConfirmDeletionRequest* request,
                                          v1::ConfirmDeletionResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.engine.deletions.Confirm(CallerOf(call), request->name(), request->service(),
                                           request->app_uid());
  });
}

grpc::ServerWriteReactor<slipway::events::v1::WatchEventsResponse>* PipelineApi::WatchEvents(
    grpc::CallbackServerContext* context, const slipway::events::v1::WatchEventsRequest* request) {
  return service::ServeEvents(parts_.streams, parts_.outbox, context, request);
}

}  // namespace slipway::pipeline
