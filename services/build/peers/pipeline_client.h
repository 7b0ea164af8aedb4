#pragma once

#include <memory>

#include "libs/rpc/channel.h"
#include "services/build/engine/peers.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"

namespace slipway::build {

// The pipeline service over gRPC. Owned by App; thread-safe.
class PipelineClient final : public PipelinePeer {
 public:
  explicit PipelineClient(rpc::Peer& peer)
      : peer_(peer), stub_(pipeline::v1::PipelineService::NewStub(peer.channel())) {}

  absl::StatusOr<plan::v1::Plan> CreatePlan(const PlanWish& wish, const CallScope& scope) override;
  absl::StatusOr<std::string> ReserveImageTag(const TagWish& wish, const CallScope& scope) override;
  absl::Status ReleaseImageTag(const std::string& key, bool used, const CallScope& scope) override;
  absl::StatusOr<Secrets> ResolveSecrets(const SecretNeeds& needs, const CallScope& scope) override;
  absl::Status ConfirmDeletion(const std::string& app, const std::string& app_uid,
                               const CallScope& scope) override;

  pipeline::v1::PipelineService::Stub& stub() { return *stub_; }

 private:
  rpc::Peer& peer_;
  std::unique_ptr<pipeline::v1::PipelineService::Stub> stub_;
};

}  // namespace slipway::build
