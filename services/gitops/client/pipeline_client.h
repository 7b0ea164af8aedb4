#pragma once

#include <memory>

#include "libs/rpc/channel.h"
#include "services/gitops/domain/peers.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"

namespace slipway::gitops {

// pipeline over gRPC. Owned by App; thread-safe.
class PipelineClient final : public PipelinePeer {
 public:
  // `peer` outlives it.
  explicit PipelineClient(rpc::Peer& peer)
      : peer_(peer), stub_(slipway::pipeline::v1::PipelineService::NewStub(peer.channel())) {}

  absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> ResolveDeployment(
      const AppEnvironment& where) override;
  absl::StatusOr<std::vector<PullCredential>> PullCredentials(const std::string& host) override;
  absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> ResolveCluster(
      const std::string& cluster) override;
  absl::StatusOr<slipway::pipeline::v1::ProjectSpec> GetProject(
      const std::string& project) override;
  absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> GetEnvironment(
      const std::string& environment) override;
  absl::StatusOr<GitCredential> GitAccount(const std::string& account,
                                           const std::string& url) override;
  absl::StatusOr<slipway::pipeline::v1::App> GetApp(const std::string& name) override;
  absl::Status ConfirmDeletion(const std::string& name, const std::string& app_uid) override;

  slipway::pipeline::v1::PipelineService::Stub& stub() { return *stub_; }

 private:
  rpc::Peer& peer_;
  const std::unique_ptr<slipway::pipeline::v1::PipelineService::Stub> stub_;
};

}  // namespace slipway::gitops
