#include "services/gitops/api/gitops_api.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/service/event_stream.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;

// Sends a deployment whenever it changed, until it has ended.
class DeploymentStream final : public rpc::StreamSource<pb::Deployment> {
 public:
  DeploymentStream(DeploymentQueries& queries, Watchers& watchers, DeploymentName name,
                   const rpc::StreamWaker& waker)
      : queries_(queries),
        watchers_(watchers),
        name_(std::move(name)),
        watch_(watchers_.Add(name_.where, [waker] { waker.Wake(); })) {}
  ~DeploymentStream() override { watchers_.Remove(watch_); }

  absl::StatusOr<Step> Next() override {
    SLIPWAY_ASSIGN_OR_RETURN(pb::Deployment deployment, queries_.Get(name_));
    std::string bytes = deployment.SerializeAsString();
    if (bytes == sent_) return Step{};
    sent_ = std::move(bytes);
    const bool end = IsFinal(deployment.status().state());
    return Step{.message = std::move(deployment), .end = end};
  }

 private:
  DeploymentQueries& queries_;
  Watchers& watchers_;
  const DeploymentName name_;
  const int64_t watch_;
  std::string sent_;
};

}  // namespace

Caller GitOpsApi::CallerOf(rpc::CallContext& call) const {
  return {.actor = call.actor,
          .traceparent = call.trace.ToString(),
          .deadline = call.deadline,
          .audit = [this, &call](db::Tx& tx, const std::string& resource) {
            return parts_.audit.Append(tx, call, resource);
          }};
}

grpc::Status GitOpsApi::CreateGitOpsProvider(grpc::ServerContext* context,
                                             const pb::CreateGitOpsProviderRequest* request,
                                             pb::GitOpsProvider* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.providers.Create(*request, CallerOf(call));
  });
}

grpc::Status GitOpsApi::GetGitOpsProvider(grpc::ServerContext* context,
                                          const pb::GetGitOpsProviderRequest* request,
                                          pb::GitOpsProvider* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext&) {
    return parts_.providers.Get(request->name());
  });
}

grpc::Status GitOpsApi::ListGitOpsProviders(grpc::ServerContext* context,
                                            const pb::ListGitOpsProvidersRequest* request,
                                            pb::ListGitOpsProvidersResponse* response) {
  return parts_.gate.Unary(context, *request, response,
                           [&](rpc::CallContext&) { return parts_.providers.List(*request); });
}

grpc::Status GitOpsApi::UpdateGitOpsProvider(grpc::ServerContext* context,
                                             const pb::UpdateGitOpsProviderRequest* request,
                                             pb::GitOpsProvider* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.providers.Update(*request, CallerOf(call));
  });
}

grpc::Status GitOpsApi::DeleteGitOpsProvider(grpc::ServerContext* context,
                                             const pb::DeleteGitOpsProviderRequest* request,
                                             pb::DeleteGitOpsProviderResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.providers.Delete(request->name(), CallerOf(call));
  });
}

grpc::Status GitOpsApi::CreateDeployment(grpc::ServerContext* context,
                                         const pb::CreateDeploymentRequest* request,
                                         pb::Deployment* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.deployer.Create(*request, CallerOf(call));
  });
}

grpc::Status GitOpsApi::GetDeployment(grpc::ServerContext* context,
                                      const pb::GetDeploymentRequest* request,
                                      pb::Deployment* response) {
  return parts_.gate.Unary(context, *request, response,
                           [&](rpc::CallContext&) -> absl::StatusOr<pb::Deployment> {
                             SLIPWAY_ASSIGN_OR_RETURN(const DeploymentName name,
                                                      ParseDeploymentName(request->name(), "name"));
                             return parts_.queries.Get(name);
                           });
}

grpc::Status GitOpsApi::ListDeployments(grpc::ServerContext* context,
                                        const pb::ListDeploymentsRequest* request,
                                        pb::ListDeploymentsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.queries.List(*request, [&call](const AppEnvironment& where) {
      return call.Can(
          slipway::api::Permission::VIEW,
          {.project = where.project, .app = where.app, .environment = where.environment});
    });
  });
}

grpc::Status GitOpsApi::Rollback(grpc::ServerContext* context, const pb::RollbackRequest* request,
                                 pb::Deployment* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.deployer.Rollback(*request, CallerOf(call));
  });
}

grpc::Status GitOpsApi::GetSyncStatus(grpc::ServerContext* context,
                                      const pb::GetSyncStatusRequest* request,
                                      pb::SyncStatus* response) {
  return parts_.gate.Unary(context, *request, response,
                           [&](rpc::CallContext&) { return parts_.syncs.Get(request->name()); });
}

absl::StatusOr<DesiredState> GitOpsApi::DesiredOf(const std::string& name) const {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(name, "name"));
  if (parts_.syncer == nullptr || parts_.inspector == nullptr) {
    return absl::UnimplementedError("there are no clusters");
  }
  return parts_.syncer->Desired(where);
}

grpc::Status GitOpsApi::GetResourceTree(grpc::ServerContext* context,
                                        const pb::GetResourceTreeRequest* request,
                                        pb::ResourceTree* response) {
  return parts_.gate.Unary(
      context, *request, response,
      [&](rpc::CallContext&) -> absl::StatusOr<pb::ResourceTree> {
        SLIPWAY_ASSIGN_OR_RETURN(const DesiredState desired, DesiredOf(request->name()));
        SLIPWAY_ASSIGN_OR_RETURN(pb::ResourceTree tree, parts_.inspector->Tree(desired));
        tree.set_applied_commit(desired.applied_commit);
        return tree;
      });
}

grpc::Status GitOpsApi::DiffDeployment(grpc::ServerContext* context,
                                       const pb::DiffDeploymentRequest* request,
                                       pb::DiffDeploymentResponse* response) {
  return parts_.gate.Unary(
      context, *request, response,
      [&](rpc::CallContext&) -> absl::StatusOr<pb::DiffDeploymentResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(const DesiredState desired, DesiredOf(request->name()));
        return parts_.inspector->Diff(desired);
      });
}

grpc::Status GitOpsApi::CheckCluster(grpc::ServerContext* context,
                                     const pb::CheckClusterRequest* request,
                                     pb::CheckClusterResponse* response) {
  return parts_.gate.Unary(
      context, *request, response,
      [&](rpc::CallContext&) -> absl::StatusOr<pb::CheckClusterResponse> {
        if (parts_.inspector == nullptr) return absl::UnimplementedError("there are no clusters");
        const std::string& name = request->name();
        return parts_.inspector->Check(name.substr(name.find('/') + 1));
      });
}

grpc::Status GitOpsApi::SuspendSync(grpc::ServerContext* context,
                                    const pb::SuspendSyncRequest* request,
                                    pb::SyncStatus* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.syncs.Suspend(request->name(), CallerOf(call));
  });
}

grpc::Status GitOpsApi::ResumeSync(grpc::ServerContext* context,
                                   const pb::ResumeSyncRequest* request, pb::SyncStatus* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.syncs.Resume(request->name(), CallerOf(call));
  });
}

grpc::Status GitOpsApi::NotePush(grpc::ServerContext* context, const pb::NotePushRequest* request,
                                 pb::NotePushResponse* response) {
  return parts_.gate.Unary(
      context, *request, response, [&](rpc::CallContext&) -> absl::StatusOr<pb::NotePushResponse> {
        if (request->repository().empty()) return InvalidField("repository", "is required");
        if (parts_.pushed) parts_.pushed(request->repository());
        return pb::NotePushResponse();
      });
}

grpc::Status GitOpsApi::Sync(grpc::ServerContext* context, const pb::SyncRequest* request,
                             pb::SyncStatus* response) {
  return parts_.gate.Unary(context, *request, response, [&](rpc::CallContext& call) {
    return parts_.syncs.Sync(request->name(), CallerOf(call), request->prune());
  });
}

grpc::ServerWriteReactor<pb::Deployment>* GitOpsApi::WatchDeployment(
    grpc::CallbackServerContext* context, const pb::WatchDeploymentRequest* request) {
  using Source = std::unique_ptr<rpc::StreamSource<pb::Deployment>>;
  return parts_.streams.Serve<pb::Deployment>(
      context, request,
      std::function([this, wanted = request->name()](
                        const rpc::CallContext&, rpc::StreamWaker waker) -> absl::StatusOr<Source> {
        SLIPWAY_ASSIGN_OR_RETURN(DeploymentName name, ParseDeploymentName(wanted, "name"));
        // "latest" means the one that is the newest now.
        SLIPWAY_ASSIGN_OR_RETURN(const pb::Deployment now, parts_.queries.Get(name));
        SLIPWAY_ASSIGN_OR_RETURN(name, ParseDeploymentName(now.name(), "name"));
        return Source(std::make_unique<DeploymentStream>(parts_.queries, parts_.watchers,
                                                         std::move(name), waker));
      }));
}

grpc::ServerWriteReactor<slipway::events::v1::WatchEventsResponse>* GitOpsApi::WatchEvents(
    grpc::CallbackServerContext* context, const slipway::events::v1::WatchEventsRequest* request) {
  return service::ServeEvents(parts_.streams, parts_.outbox, context, request);
}

const google::protobuf::ServiceDescriptor* GitOpsApi::Contract() {
  return pb::Deployment::GetDescriptor()->file()->service(0);
}

}  // namespace slipway::gitops
