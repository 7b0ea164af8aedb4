#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "slipway/build/v1/build.pb.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::trigger {

// What the domain asks of the services below. Implemented over gRPC in client/, by a fake in tests.
// Thread-safe.
class Peers {
 public:
  virtual ~Peers() = default;
  virtual absl::StatusOr<slipway::pipeline::v1::FindWorkflowsResponse> FindWorkflows(
      const slipway::pipeline::v1::FindWorkflowsRequest& request,
      const std::string& traceparent) = 0;
  virtual absl::StatusOr<slipway::pipeline::v1::ListChangedPathsResponse> ListChangedPaths(
      const slipway::pipeline::v1::ListChangedPathsRequest& request,
      const std::string& traceparent) = 0;
  virtual absl::StatusOr<slipway::pipeline::v1::CreatePlansResponse> CreatePlans(
      const slipway::pipeline::v1::CreatePlansRequest& request, const std::string& traceparent) = 0;
  virtual absl::StatusOr<slipway::build::v1::CreateRunsResponse> CreateRuns(
      const slipway::build::v1::CreateRunsRequest& request, const std::string& traceparent) = 0;
  // Tells who follows repositories by themselves. Once and without an answer: they look by and by
  // anyway.
  virtual void NotePush(const std::string& repository, const std::string& traceparent) = 0;
};

}  // namespace slipway::trigger
