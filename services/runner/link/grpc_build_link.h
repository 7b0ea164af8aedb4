#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "libs/rpc/channel.h"
#include "services/runner/spool/build_link.h"
#include "slipway/build/v1/runner.grpc.pb.h"

namespace slipway::runner {

// The build service over gRPC. Owned by App; thread-safe.
class GrpcBuildLink final : public BuildLink {
 public:
  // `token` is the runner's own: it opens the stream of leases, on which the service checks it
  // again and again; single calls carry the assertion that auth gives for it.
  GrpcBuildLink(const std::string& build_address, const std::string& auth_address,
                std::string token);

  absl::StatusOr<build::v1::HeartbeatResponse> Heartbeat(
      const build::v1::HeartbeatRequest& request) override;
  absl::Status ReportSteps(const build::v1::ReportStepsRequest& request) override;
  absl::StatusOr<int64_t> AppendLog(const build::v1::AppendLogRequest& request) override;
  absl::Status CompleteJob(const build::v1::CompleteJobRequest& request) override;

  // Opens the stream of leases and calls `on_message` for each until the stream ends, which its
  // status tells, or `stop`.
  absl::Status WatchLeases(const build::v1::WatchLeasesRequest& request,
                           const std::function<void(const build::v1::LeaseMessage&)>& on_message,
                           std::stop_token stop);

 private:
  const std::string token_;
  rpc::AssertionSource identity_;
  rpc::Peer build_;
  const std::unique_ptr<build::v1::RunnerService::Stub> stub_;
};

}  // namespace slipway::runner
