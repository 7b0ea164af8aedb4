#pragma once

#include "libs/events/outbox.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/push_stream.h"
#include "libs/service/audit_outbox.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/deployment_queries.h"
#include "services/gitops/domain/inspector.h"
#include "services/gitops/domain/providers.h"
#include "services/gitops/domain/sync_controls.h"
#include "services/gitops/domain/syncer.h"
#include "services/gitops/domain/watchers.h"
#include "slipway/gitops/v1/gitops.grpc.pb.h"

namespace slipway::gitops {

// GitOpsService over gRPC: each method is one call of the domain behind the wrapper of libs/rpc.
// Owned by App; thread-safe.
class GitOpsApi final
    : public slipway::gitops::v1::GitOpsService::WithCallbackMethod_WatchDeployment<
          slipway::gitops::v1::GitOpsService::WithCallbackMethod_WatchEvents<
              slipway::gitops::v1::GitOpsService::Service>> {
 public:
  struct Parts {
    rpc::CallGate& gate;
    rpc::StreamHub& streams;
    service::AuditOutbox& audit;
    Providers& providers;
    Deployer& deployer;
    DeploymentQueries& queries;
    SyncControls& syncs;
    Watchers& watchers;
    events::Outbox& outbox;
    // Both null where there are no clusters to look at.
    Syncer* syncer = nullptr;
    Inspector* inspector = nullptr;
    // Told of pushes; may be empty.
    std::function<void(const std::string& repository)> pushed = {};
  };
  explicit GitOpsApi(Parts parts) : parts_(std::move(parts)) {}

  grpc::Status CreateGitOpsProvider(grpc::ServerContext* context,
                                    const slipway::gitops::v1::CreateGitOpsProviderRequest* request,
                                    slipway::gitops::v1::GitOpsProvider* response) override;
  grpc::Status GetGitOpsProvider(grpc::ServerContext* context,
                                 const slipway::gitops::v1::GetGitOpsProviderRequest* request,
                                 slipway::gitops::v1::GitOpsProvider* response) override;
  grpc::Status ListGitOpsProviders(
      grpc::ServerContext* context, const slipway::gitops::v1::ListGitOpsProvidersRequest* request,
      slipway::gitops::v1::ListGitOpsProvidersResponse* response) override;
  grpc::Status UpdateGitOpsProvider(grpc::ServerContext* context,
                                    const slipway::gitops::v1::UpdateGitOpsProviderRequest* request,
                                    slipway::gitops::v1::GitOpsProvider* response) override;
  grpc::Status DeleteGitOpsProvider(
      grpc::ServerContext* context, const slipway::gitops::v1::DeleteGitOpsProviderRequest* request,
      slipway::gitops::v1::DeleteGitOpsProviderResponse* response) override;
  grpc::Status CreateDeployment(grpc::ServerContext* context,
                                const slipway::gitops::v1::CreateDeploymentRequest* request,
                                slipway::gitops::v1::Deployment* response) override;
  grpc::Status GetDeployment(grpc::ServerContext* context,
                             const slipway::gitops::v1::GetDeploymentRequest* request,
                             slipway::gitops::v1::Deployment* response) override;
  grpc::Status ListDeployments(grpc::ServerContext* context,
                               const slipway::gitops::v1::ListDeploymentsRequest* request,
                               slipway::gitops::v1::ListDeploymentsResponse* response) override;
  grpc::Status Rollback(grpc::ServerContext* context,
                        const slipway::gitops::v1::RollbackRequest* request,
                        slipway::gitops::v1::Deployment* response) override;
  grpc::Status GetResourceTree(grpc::ServerContext* context,
                               const slipway::gitops::v1::GetResourceTreeRequest* request,
                               slipway::gitops::v1::ResourceTree* response) override;
  grpc::Status DiffDeployment(grpc::ServerContext* context,
                              const slipway::gitops::v1::DiffDeploymentRequest* request,
                              slipway::gitops::v1::DiffDeploymentResponse* response) override;
  grpc::Status CheckCluster(grpc::ServerContext* context,
                            const slipway::gitops::v1::CheckClusterRequest* request,
                            slipway::gitops::v1::CheckClusterResponse* response) override;
  grpc::Status GetSyncStatus(grpc::ServerContext* context,
                             const slipway::gitops::v1::GetSyncStatusRequest* request,
                             slipway::gitops::v1::SyncStatus* response) override;
  grpc::Status SuspendSync(grpc::ServerContext* context,
                           const slipway::gitops::v1::SuspendSyncRequest* request,
                           slipway::gitops::v1::SyncStatus* response) override;
  grpc::Status ResumeSync(grpc::ServerContext* context,
                          const slipway::gitops::v1::ResumeSyncRequest* request,
                          slipway::gitops::v1::SyncStatus* response) override;
  grpc::Status NotePush(grpc::ServerContext* context,
                        const slipway::gitops::v1::NotePushRequest* request,
                        slipway::gitops::v1::NotePushResponse* response) override;
  grpc::Status Sync(grpc::ServerContext* context, const slipway::gitops::v1::SyncRequest* request,
                    slipway::gitops::v1::SyncStatus* response) override;
  grpc::ServerWriteReactor<slipway::gitops::v1::Deployment>* WatchDeployment(
      grpc::CallbackServerContext* context,
      const slipway::gitops::v1::WatchDeploymentRequest* request) override;
  grpc::ServerWriteReactor<slipway::events::v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context,
      const slipway::events::v1::WatchEventsRequest* request) override;

  // For Runtime::Serve.
  static const google::protobuf::ServiceDescriptor* Contract();

 private:
  Caller CallerOf(rpc::CallContext& call) const;
  // What is looked at on a cluster.
  absl::StatusOr<DesiredState> DesiredOf(const std::string& name) const;

  const Parts parts_;
};

}  // namespace slipway::gitops
