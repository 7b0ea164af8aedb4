#include "services/build/api/calls.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace slipway::build {

absl::Time DeadlineOf(const rpc::CallContext& call) {
  return std::min(call.deadline, absl::Now() + absl::Seconds(10));
}

Caller CallerOf(const rpc::CallContext& call) {
  return {.actor = call.actor,
          .traceparent = call.trace.ToString(),
          .deadline = DeadlineOf(call),
          .may_deploy = [principal = call.principal](const AppName& app,
                                                     const std::string& environment) {
            return rpc::Allows(principal, api::Permission::TRIGGER,
                               {app.project, app.app, environment});
          }};
}

}  // namespace slipway::build
