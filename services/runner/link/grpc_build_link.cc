#include "services/runner/link/grpc_build_link.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/status.h"

namespace slipway::runner {
namespace {

using Stub = build::v1::RunnerService::Stub;

}  // namespace

GrpcBuildLink::GrpcBuildLink(const std::string& build_address, const std::string& auth_address,
                             std::string token)
    : token_(std::move(token)),
      identity_(rpc::MakeChannel(auth_address), token_),
      build_(rpc::MakeChannel(build_address), &identity_),
      stub_(build::v1::RunnerService::NewStub(build_.channel())) {}

absl::StatusOr<build::v1::HeartbeatResponse> GrpcBuildLink::Heartbeat(
    const build::v1::HeartbeatRequest& request) {
  return build_.Call(*stub_, &Stub::Heartbeat, request, {.timeout = absl::Seconds(3)});
}

absl::Status GrpcBuildLink::ReportSteps(const build::v1::ReportStepsRequest& request) {
  return build_.Call(*stub_, &Stub::ReportSteps, request).status();
}

absl::StatusOr<int64_t> GrpcBuildLink::AppendLog(const build::v1::AppendLogRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const build::v1::AppendLogResponse response,
                           build_.Call(*stub_, &Stub::AppendLog, request));
  return response.size();
}

absl::Status GrpcBuildLink::CompleteJob(const build::v1::CompleteJobRequest& request) {
  return build_.Call(*stub_, &Stub::CompleteJob, request).status();
}

absl::Status GrpcBuildLink::WatchLeases(
    const build::v1::WatchLeasesRequest& request,
    const std::function<void(const build::v1::LeaseMessage&)>& on_message, std::stop_token stop) {
  grpc::ClientContext context;
  // Waits inside gRPC for the service to come back: a channel connects only while a call of it
  // waits.
  context.set_wait_for_ready(true);
  context.AddMetadata(rpc::kAuthorizationKey, "Bearer " + token_);
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  const auto reader = stub_->WatchLeases(&context, request);
  build::v1::LeaseMessage message;
  while (reader->Read(&message)) on_message(message);
  return rpc::FromGrpc(reader->Finish());
}

}  // namespace slipway::runner
