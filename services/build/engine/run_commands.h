#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/store/run_store.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// Who asks, as far as a use case has to know.
struct Caller {
  std::string actor = {};
  std::string traceparent = {};
  absl::Time deadline = absl::InfiniteFuture();
  // Whether the caller may trigger in an environment for an app.
  std::function<bool(const AppName& app, const std::string& environment)> may_deploy = {};
};

// Starting, repeating and ending runs. Owned by App; thread-safe.
class RunCommands {
 public:
  RunCommands(Core& core, PipelinePeer& pipeline) : core_(core), pipeline_(pipeline) {}

  // Starts runs for matches, in one transaction; each has a result of its own.
  absl::StatusOr<v1::CreateRunsResponse> CreateRuns(const v1::CreateRunsRequest& request,
                                                    const Caller& caller);

  // Starts one for a person. PERMISSION_DENIED names an environment that it would reach by itself
  // and the caller may not trigger; checked before anything is written here.
  absl::StatusOr<RunRecord> RunWorkflow(const v1::RunWorkflowRequest& request,
                                        const Caller& caller);
  absl::StatusOr<RunRecord> RetryRun(const v1::RetryRunRequest& request, const Caller& caller);
  absl::StatusOr<RunRecord> CancelRun(const std::string& name, const Caller& caller);

 private:
  absl::StatusOr<std::optional<RunRecord>> FindByKey(const std::string& key, const Caller& caller);
  // Refuses, and records so, what would deploy by itself to where the caller may not.
  absl::Status CheckDeployments(const plan::v1::Plan& plan, const Caller& caller);
  absl::StatusOr<RunRecord> Insert(NewRunRecord record, const Caller& caller);

  Core& core_;
  PipelinePeer& pipeline_;
};

}  // namespace slipway::build
