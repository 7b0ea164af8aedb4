#include "services/trigger/client/grpc_peers.h"

#include "libs/base/error.h"
#include "libs/log/log.h"

namespace slipway::trigger {
namespace {

namespace buildpb = slipway::build::v1;
namespace gitopspb = slipway::gitops::v1;
namespace pipelinepb = slipway::pipeline::v1;

rpc::CallOptions Options(const std::string& traceparent,
                         absl::Duration timeout = absl::Seconds(10)) {
  rpc::CallOptions options;
  options.timeout = timeout;
  options.traceparent = traceparent;
  options.retry = true;
  return options;
}

}  // namespace

GrpcPeers::GrpcPeers(rpc::Peer pipeline, rpc::Peer build, std::optional<rpc::Peer> gitops)
    : pipeline_(std::move(pipeline)),
      build_(std::move(build)),
      gitops_(std::move(gitops)),
      pipeline_stub_(pipelinepb::PipelineService::NewStub(pipeline_.channel())),
      build_stub_(buildpb::BuildService::NewStub(build_.channel())) {
  if (gitops_) gitops_stub_ = gitopspb::GitOpsService::NewStub(gitops_->channel());
}

absl::StatusOr<pipelinepb::FindWorkflowsResponse> GrpcPeers::FindWorkflows(
    const pipelinepb::FindWorkflowsRequest& request, const std::string& traceparent) {
  return pipeline_.Call(*pipeline_stub_, &pipelinepb::PipelineService::Stub::FindWorkflows, request,
                        Options(traceparent));
}

absl::StatusOr<pipelinepb::ListChangedPathsResponse> GrpcPeers::ListChangedPaths(
    const pipelinepb::ListChangedPathsRequest& request, const std::string& traceparent) {
  // It may have to fetch.
  return pipeline_.Call(*pipeline_stub_, &pipelinepb::PipelineService::Stub::ListChangedPaths,
                        request, Options(traceparent, absl::Seconds(70)));
}

absl::StatusOr<pipelinepb::CreatePlansResponse> GrpcPeers::CreatePlans(
    const pipelinepb::CreatePlansRequest& request, const std::string& traceparent) {
  return pipeline_.Call(*pipeline_stub_, &pipelinepb::PipelineService::Stub::CreatePlans, request,
                        Options(traceparent, absl::Seconds(70)));
}

absl::StatusOr<buildpb::CreateRunsResponse> GrpcPeers::CreateRuns(
    const buildpb::CreateRunsRequest& request, const std::string& traceparent) {
  return build_.Call(*build_stub_, &buildpb::BuildService::Stub::CreateRuns, request,
                     Options(traceparent));
}

void GrpcPeers::NotePush(const std::string& repository, const std::string& traceparent) {
  if (!gitops_) return;
  gitopspb::NotePushRequest request;
  request.set_repository(repository);
  rpc::CallOptions options;
  options.timeout = absl::Seconds(1);
  options.traceparent = traceparent;
  const auto noted =
      gitops_->Call(*gitops_stub_, &gitopspb::GitOpsService::Stub::NotePush, request, options);
  if (noted.ok()) return;
  log::Info("peers.push_not_noted", "gitops finds it at its next look",
            {{"repository", repository}, {"error", MessageOf(noted.status())}});
}

}  // namespace slipway::trigger
