// The handlers of create, get, list, update and delete. They differ in their types only, so each is
// one call of the template for its verb.
#include "libs/base/status.h"
#include "libs/rpc/errors.h"
#include "services/pipeline/api/pipeline_api.h"

namespace slipway::pipeline {

using grpc::ServerContext;
using rpc::CallContext;
using slipway::api::Permission;

template <typename Request, typename Resource>
grpc::Status PipelineApi::Create(ServerContext* context, const Request& request,
                                 const std::string& parent, const std::string& id,
                                 const Resource& resource, Resource* response) {
  return parts_.gate.Unary(context, request, response,
                           [&](CallContext& call) -> absl::StatusOr<Resource> {
                             Resource created = resource;
                             SLIPWAY_RETURN_IF_ERROR(parts_.engine.definitions.Create(
                                 CallerOf(call), parent, id, request.validate_only(), &created));
                             return created;
                           });
}

template <typename Request, typename Resource>
grpc::Status PipelineApi::Get(ServerContext* context, const Request& request, Resource* response) {
  return parts_.gate.Unary(
      context, request, response, [&](CallContext& call) -> absl::StatusOr<Resource> {
        Resource found;
        SLIPWAY_RETURN_IF_ERROR(
            parts_.engine.definitions.Get(CallerOf(call), request.name(), &found));
        return found;
      });
}

template <typename Request, typename Response, typename Resource>
grpc::Status PipelineApi::List(ServerContext* context, const Request& request,
                               const std::string& parent, Response* response,
                               Resource* (Response::*add)()) {
  return parts_.gate.Unary(
      context, request, response, [&](CallContext& call) -> absl::StatusOr<Response> {
        const Caller caller = CallerOf(call);
        // A parent that may not be seen is like one that is not there.
        if (!parent.empty() && !caller.may_see(parent)) return rpc::ResourceNotFound(parent);
        Response page;
        SLIPWAY_ASSIGN_OR_RETURN(
            *page.mutable_next_page_token(),
            parts_.engine.definitions.List(caller, KindOf(Resource::default_instance()), parent,
                                           request.page_size(), request.page_token(),
                                           [&] { return (page.*add)(); }));
        return page;
      });
}

template <typename Request, typename Resource>
grpc::Status PipelineApi::Update(ServerContext* context, const Request& request,
                                 const Resource& resource, Resource* response) {
  return parts_.gate.Unary(
      context, request, response, [&](CallContext& call) -> absl::StatusOr<Resource> {
        Resource updated = resource;
        SLIPWAY_RETURN_IF_ERROR(parts_.engine.definitions.Update(
            CallerOf(call), request.allow_missing(), request.validate_only(), &updated));
        return updated;
      });
}

template <typename Request, typename Resource>
grpc::Status PipelineApi::Delete(ServerContext* context, const Request& request,
                                 Resource* response) {
  return parts_.gate.Unary(context, request, response,
                           [&](CallContext& call) -> absl::StatusOr<Resource> {
                             Resource deleted;
                             SLIPWAY_RETURN_IF_ERROR(parts_.engine.definitions.Delete(
                                 CallerOf(call), request.name(), request.etag(), &deleted));
                             return deleted;
                           });
}

grpc::Status PipelineApi::CreateProject(ServerContext* c, const v1::CreateProjectRequest* r,
                                        v1::Project* response) {
  return Create(c, *r, "", r->project_id(), r->project(), response);
}
grpc::Status PipelineApi::GetProject(ServerContext* c, const v1::GetProjectRequest* r,
                                     v1::Project* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListProjects(ServerContext* c, const v1::ListProjectsRequest* r,
                                       v1::ListProjectsResponse* response) {
  return List(c, *r, "", response, &v1::ListProjectsResponse::add_projects);
}
grpc::Status PipelineApi::UpdateProject(ServerContext* c, const v1::UpdateProjectRequest* r,
                                        v1::Project* response) {
  return Update(c, *r, r->project(), response);
}
grpc::Status PipelineApi::DeleteProject(ServerContext* c, const v1::DeleteProjectRequest* r,
                                        v1::Project* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateApp(ServerContext* c, const v1::CreateAppRequest* r,
                                    v1::App* response) {
  return Create(c, *r, r->parent(), r->app_id(), r->app(), response);
}
grpc::Status PipelineApi::GetApp(ServerContext* c, const v1::GetAppRequest* r, v1::App* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListApps(ServerContext* c, const v1::ListAppsRequest* r,
                                   v1::ListAppsResponse* response) {
  return List(c, *r, r->parent(), response, &v1::ListAppsResponse::add_apps);
}
grpc::Status PipelineApi::UpdateApp(ServerContext* c, const v1::UpdateAppRequest* r,
                                    v1::App* response) {
  return Update(c, *r, r->app(), response);
}
grpc::Status PipelineApi::DeleteApp(ServerContext* c, const v1::DeleteAppRequest* r,
                                    v1::App* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateCluster(ServerContext* c, const v1::CreateClusterRequest* r,
                                        v1::Cluster* response) {
  return Create(c, *r, "", r->cluster_id(), r->cluster(), response);
}
grpc::Status PipelineApi::GetCluster(ServerContext* c, const v1::GetClusterRequest* r,
                                     v1::Cluster* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListClusters(ServerContext* c, const v1::ListClustersRequest* r,
                                       v1::ListClustersResponse* response) {
  return List(c, *r, "", response, &v1::ListClustersResponse::add_clusters);
}
grpc::Status PipelineApi::UpdateCluster(ServerContext* c, const v1::UpdateClusterRequest* r,
                                        v1::Cluster* response) {
  return Update(c, *r, r->cluster(), response);
}
grpc::Status PipelineApi::DeleteCluster(ServerContext* c, const v1::DeleteClusterRequest* r,
                                        v1::Cluster* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateEnvironment(ServerContext* c, const v1::CreateEnvironmentRequest* r,
                                            v1::Environment* response) {
  return Create(c, *r, "", r->environment_id(), r->environment(), response);
}
grpc::Status PipelineApi::GetEnvironment(ServerContext* c, const v1::GetEnvironmentRequest* r,
                                         v1::Environment* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListEnvironments(ServerContext* c, const v1::ListEnvironmentsRequest* r,
                                           v1::ListEnvironmentsResponse* response) {
  return List(c, *r, "", response, &v1::ListEnvironmentsResponse::add_environments);
}
grpc::Status PipelineApi::UpdateEnvironment(ServerContext* c, const v1::UpdateEnvironmentRequest* r,
                                            v1::Environment* response) {
  return Update(c, *r, r->environment(), response);
}
grpc::Status PipelineApi::DeleteEnvironment(ServerContext* c, const v1::DeleteEnvironmentRequest* r,
                                            v1::Environment* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateRegistry(ServerContext* c, const v1::CreateRegistryRequest* r,
                                         v1::Registry* response) {
  return Create(c, *r, "", r->registry_id(), r->registry(), response);
}
grpc::Status PipelineApi::GetRegistry(ServerContext* c, const v1::GetRegistryRequest* r,
                                      v1::Registry* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListRegistries(ServerContext* c, const v1::ListRegistriesRequest* r,
                                         v1::ListRegistriesResponse* response) {
  return List(c, *r, "", response, &v1::ListRegistriesResponse::add_registries);
}
grpc::Status PipelineApi::UpdateRegistry(ServerContext* c, const v1::UpdateRegistryRequest* r,
                                         v1::Registry* response) {
  return Update(c, *r, r->registry(), response);
}
grpc::Status PipelineApi::DeleteRegistry(ServerContext* c, const v1::DeleteRegistryRequest* r,
                                         v1::Registry* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateGitAccount(ServerContext* c, const v1::CreateGitAccountRequest* r,
                                           v1::GitAccount* response) {
  return Create(c, *r, "", r->git_account_id(), r->git_account(), response);
}
grpc::Status PipelineApi::GetGitAccount(ServerContext* c, const v1::GetGitAccountRequest* r,
                                        v1::GitAccount* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListGitAccounts(ServerContext* c, const v1::ListGitAccountsRequest* r,
                                          v1::ListGitAccountsResponse* response) {
  return List(c, *r, "", response, &v1::ListGitAccountsResponse::add_git_accounts);
}
grpc::Status PipelineApi::UpdateGitAccount(ServerContext* c, const v1::UpdateGitAccountRequest* r,
                                           v1::GitAccount* response) {
  return Update(c, *r, r->git_account(), response);
}
grpc::Status PipelineApi::DeleteGitAccount(ServerContext* c, const v1::DeleteGitAccountRequest* r,
                                           v1::GitAccount* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateWorkflow(ServerContext* c, const v1::CreateWorkflowRequest* r,
                                         v1::Workflow* response) {
  return Create(c, *r, r->parent(), r->workflow_id(), r->workflow(), response);
}
grpc::Status PipelineApi::GetWorkflow(ServerContext* c, const v1::GetWorkflowRequest* r,
                                      v1::Workflow* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListWorkflows(ServerContext* c, const v1::ListWorkflowsRequest* r,
                                        v1::ListWorkflowsResponse* response) {
  return List(c, *r, r->parent(), response, &v1::ListWorkflowsResponse::add_workflows);
}
grpc::Status PipelineApi::UpdateWorkflow(ServerContext* c, const v1::UpdateWorkflowRequest* r,
                                         v1::Workflow* response) {
  return Update(c, *r, r->workflow(), response);
}
grpc::Status PipelineApi::DeleteWorkflow(ServerContext* c, const v1::DeleteWorkflowRequest* r,
                                         v1::Workflow* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateVariable(ServerContext* c, const v1::CreateVariableRequest* r,
                                         v1::Variable* response) {
  return Create(c, *r, r->parent(), r->variable_id(), r->variable(), response);
}
grpc::Status PipelineApi::GetVariable(ServerContext* c, const v1::GetVariableRequest* r,
                                      v1::Variable* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListVariables(ServerContext* c, const v1::ListVariablesRequest* r,
                                        v1::ListVariablesResponse* response) {
  return List(c, *r, r->parent(), response, &v1::ListVariablesResponse::add_variables);
}
grpc::Status PipelineApi::UpdateVariable(ServerContext* c, const v1::UpdateVariableRequest* r,
                                         v1::Variable* response) {
  return Update(c, *r, r->variable(), response);
}
grpc::Status PipelineApi::DeleteVariable(ServerContext* c, const v1::DeleteVariableRequest* r,
                                         v1::Variable* response) {
  return Delete(c, *r, response);
}

grpc::Status PipelineApi::CreateSecret(ServerContext* c, const v1::CreateSecretRequest* r,
                                       v1::Secret* response) {
  return Create(c, *r, r->parent(), r->secret_id(), r->secret(), response);
}
grpc::Status PipelineApi::GetSecret(ServerContext* c, const v1::GetSecretRequest* r,
                                    v1::Secret* response) {
  return Get(c, *r, response);
}
grpc::Status PipelineApi::ListSecrets(ServerContext* c, const v1::ListSecretsRequest* r,
                                      v1::ListSecretsResponse* response) {
  return List(c, *r, r->parent(), response, &v1::ListSecretsResponse::add_secrets);
}
grpc::Status PipelineApi::UpdateSecret(ServerContext* c, const v1::UpdateSecretRequest* r,
                                       v1::Secret* response) {
  return Update(c, *r, r->secret(), response);
}
grpc::Status PipelineApi::DeleteSecret(ServerContext* c, const v1::DeleteSecretRequest* r,
                                       v1::Secret* response) {
  return Delete(c, *r, response);
}

}  // namespace slipway::pipeline
