#pragma once

#include "absl/status/statusor.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::runner {

// What a runner says to the build service, apart from the stream of leases. Thread-safe. Tests
// replace it.
class BuildLink {
 public:
  virtual ~BuildLink() = default;
  virtual absl::StatusOr<build::v1::HeartbeatResponse> Heartbeat(
      const build::v1::HeartbeatRequest& request) = 0;
  virtual absl::Status ReportSteps(const build::v1::ReportStepsRequest& request) = 0;
  // The number of bytes stored.
  virtual absl::StatusOr<int64_t> AppendLog(const build::v1::AppendLogRequest& request) = 0;
  virtual absl::Status CompleteJob(const build::v1::CompleteJobRequest& request) = 0;
};

}  // namespace slipway::runner
