#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/rpc/channel.h"
#include "services/trigger/domain/peers.h"
#include "slipway/build/v1/build.grpc.pb.h"
#include "slipway/gitops/v1/gitops.grpc.pb.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"

namespace slipway::trigger {

// Peers over gRPC. All calls are idempotent, so they are tried again while a service is away. Owned
// by App; thread-safe.
class GrpcPeers final : public Peers {
 public:
  // Without `gitops` nobody is told of pushes.
  GrpcPeers(rpc::Peer pipeline, rpc::Peer build, std::optional<rpc::Peer> gitops);

  absl::StatusOr<slipway::pipeline::v1::FindWorkflowsResponse> FindWorkflows(
      const slipway::pipeline::v1::FindWorkflowsRequest& request,
      const std::string& traceparent) override;
  absl::StatusOr<slipway::pipeline::v1::ListChangedPathsResponse> ListChangedPaths(
      const slipway::pipeline::v1::ListChangedPathsRequest& request,
      const std::string& traceparent) override;
  absl::StatusOr<slipway::pipeline::v1::CreatePlansResponse> CreatePlans(
      const slipway::pipeline::v1::CreatePlansRequest& request,
      const std::string& traceparent) override;
  absl::StatusOr<slipway::build::v1::CreateRunsResponse> CreateRuns(
      const slipway::build::v1::CreateRunsRequest& request,
      const std::string& traceparent) override;
  void NotePush(const std::string& repository, const std::string& traceparent) override;

 private:
  rpc::Peer pipeline_;
  rpc::Peer build_;
  std::optional<rpc::Peer> gitops_;
  std::unique_ptr<slipway::pipeline::v1::PipelineService::Stub> pipeline_stub_;
  std::unique_ptr<slipway::build::v1::BuildService::Stub> build_stub_;
  std::unique_ptr<slipway::gitops::v1::GitOpsService::Stub> gitops_stub_;  // null without gitops
};

}  // namespace slipway::trigger
