#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// What people read, as messages. Owned by App; thread-safe.
class Queries {
 public:
  explicit Queries(Core& core) : core_(core) {}

  // With jobs and steps, and what they wait for.
  absl::StatusOr<v1::Run> GetRun(const std::string& name, absl::Time deadline);
  absl::StatusOr<v1::ListRunsResponse> ListRuns(const v1::ListRunsRequest& request,
                                                const std::function<bool(const AppName&)>& may_view,
                                                absl::Time deadline);
  absl::StatusOr<v1::Job> GetJob(const std::string& name, absl::Time deadline);
  absl::StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request,
                                                absl::Time deadline);
  absl::StatusOr<v1::Image> GetImage(const std::string& name, absl::Time deadline);
  absl::StatusOr<v1::ListImagesResponse> ListImages(const v1::ListImagesRequest& request,
                                                    absl::Time deadline);

 private:
  Core& core_;
};

}  // namespace slipway::build
