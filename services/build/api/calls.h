#pragma once

#include "libs/rpc/call_context.h"
#include "services/build/engine/run_commands.h"

namespace slipway::build {

// The time that a call has, at most that of the house.
absl::Time DeadlineOf(const rpc::CallContext& call);

// The caller as use cases know it.
Caller CallerOf(const rpc::CallContext& call);

inline CallScope ScopeOf(const rpc::CallContext& call) {
  return {DeadlineOf(call), call.trace.ToString()};
}

}  // namespace slipway::build
