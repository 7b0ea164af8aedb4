#include "services/trigger/client/grpc_peers.h"

namespace slipway::trigger {
namespace {

namespace buildpb = slipway::build::v1;
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

GrpcPeers::GrpcPeers(rpc::Peer pipeline, rpc::Peer build)
    : pipeline_(std::move(pipeline)),
      build_(std::move(build)),
      pipeline_stub_(pipelinepb::PipelineService::NewStub(pipeline_.channel())),
      build_stub_(buildpb::BuildService::NewStub(build_.channel())) {}

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

}  // namespace slipway::trigger
