#pragma once

#include <string>

#include "libs/events/outbox.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/push_stream.h"
#include "libs/service/audit_outbox.h"
#include "services/pipeline/engine/engine.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"

namespace slipway::pipeline {

// gRPC adapter of PipelineService: each handler is one expression around a use case. Owned by App;
// thread-safe.
class PipelineApi final
    : public v1::PipelineService::WithCallbackMethod_WatchEvents<v1::PipelineService::Service> {
 public:
  struct Parts {
    rpc::CallGate& gate;
    rpc::StreamHub& streams;
    events::Outbox& outbox;
    service::AuditOutbox& audit;
    Engine& engine;
  };
  explicit PipelineApi(Parts parts) : parts_(parts) {}

  static const google::protobuf::ServiceDescriptor* Contract();

#define SLIPWAY_PIPELINE_RPC(Method, Request, Response)                         \
  grpc::Status Method(grpc::ServerContext* context, const v1::Request* request, \
                      v1::Response* response) override
#define SLIPWAY_PIPELINE_KIND(Kind, Kinds)                                        \
  SLIPWAY_PIPELINE_RPC(Create##Kind, Create##Kind##Request, Kind);                \
  SLIPWAY_PIPELINE_RPC(Get##Kind, Get##Kind##Request, Kind);                      \
  SLIPWAY_PIPELINE_RPC(List##Kinds, List##Kinds##Request, List##Kinds##Response); \
  SLIPWAY_PIPELINE_RPC(Update##Kind, Update##Kind##Request, Kind);                \
  SLIPWAY_PIPELINE_RPC(Delete##Kind, Delete##Kind##Request, Kind)
  SLIPWAY_PIPELINE_KIND(Project, Projects);
  SLIPWAY_PIPELINE_KIND(App, Apps);
  SLIPWAY_PIPELINE_KIND(Cluster, Clusters);
  SLIPWAY_PIPELINE_KIND(Environment, Environments);
  SLIPWAY_PIPELINE_KIND(Registry, Registries);
  SLIPWAY_PIPELINE_KIND(GitAccount, GitAccounts);
  SLIPWAY_PIPELINE_KIND(Workflow, Workflows);
  SLIPWAY_PIPELINE_KIND(Variable, Variables);
  SLIPWAY_PIPELINE_KIND(Secret, Secrets);
  SLIPWAY_PIPELINE_RPC(ListCommits, ListCommitsRequest, ListCommitsResponse);
  SLIPWAY_PIPELINE_RPC(ValidateResources, ValidateResourcesRequest, ValidateResourcesResponse);
  SLIPWAY_PIPELINE_RPC(DeleteDeploymentPipeline, DeleteDeploymentPipelineRequest, Workflow);
  SLIPWAY_PIPELINE_RPC(FindWorkflows, FindWorkflowsRequest, FindWorkflowsResponse);
  SLIPWAY_PIPELINE_RPC(ListChangedPaths, ListChangedPathsRequest, ListChangedPathsResponse);
  SLIPWAY_PIPELINE_RPC(CreatePlans, CreatePlansRequest, CreatePlansResponse);
  SLIPWAY_PIPELINE_RPC(ReserveImageTag, ReserveImageTagRequest, ReserveImageTagResponse);
  SLIPWAY_PIPELINE_RPC(ReleaseImageTag, ReleaseImageTagRequest, ReleaseImageTagResponse);
  SLIPWAY_PIPELINE_RPC(ResolveSecrets, ResolveSecretsRequest, ResolveSecretsResponse);
  SLIPWAY_PIPELINE_RPC(ResolveDeployment, ResolveDeploymentRequest, ResolveDeploymentResponse);
  SLIPWAY_PIPELINE_RPC(ConfirmDeletion, ConfirmDeletionRequest, ConfirmDeletionResponse);
#undef SLIPWAY_PIPELINE_KIND
#undef SLIPWAY_PIPELINE_RPC
  grpc::ServerWriteReactor<slipway::events::v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context,
      const slipway::events::v1::WatchEventsRequest* request) override;

 private:
  Caller CallerOf(rpc::CallContext& call);

  // The five handlers that all kinds share; see definition_handlers.cc.
  template <typename Request, typename Resource>
  grpc::Status Create(grpc::ServerContext* context, const Request& request,
                      const std::string& parent, const std::string& id, const Resource& resource,
                      Resource* response);
  template <typename Request, typename Resource>
  grpc::Status Get(grpc::ServerContext* context, const Request& request, Resource* response);
  template <typename Request, typename Response, typename Resource>
  grpc::Status List(grpc::ServerContext* context, const Request& request, const std::string& parent,
                    Response* response, Resource* (Response::*add)());
  template <typename Request, typename Resource>
  grpc::Status Update(grpc::ServerContext* context, const Request& request,
                      const Resource& resource, Resource* response);
  template <typename Request, typename Resource>
  grpc::Status Delete(grpc::ServerContext* context, const Request& request, Resource* response);

  Parts parts_;
};

}  // namespace slipway::pipeline
