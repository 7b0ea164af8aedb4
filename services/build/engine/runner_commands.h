#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/engine/runner_sessions.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// What people do with runners. Owned by App; thread-safe.
class RunnerCommands {
 public:
  RunnerCommands(Core& core, RunnerSessions& sessions, AuthPeer& auth)
      : core_(core), sessions_(sessions), auth_(auth) {}

  // The answer holds the token.
  absl::StatusOr<v1::Runner> Create(const v1::CreateRunnerRequest& request, const CallScope& scope);
  absl::StatusOr<v1::Runner> Get(const std::string& name, absl::Time deadline);
  absl::StatusOr<v1::ListRunnersResponse> List(const v1::ListRunnersRequest& request,
                                               absl::Time deadline);
  absl::StatusOr<v1::Runner> Update(const v1::Runner& runner, absl::Time deadline);
  absl::Status Delete(const std::string& name, const CallScope& scope);

 private:
  Core& core_;
  RunnerSessions& sessions_;
  AuthPeer& auth_;
};

}  // namespace slipway::build
