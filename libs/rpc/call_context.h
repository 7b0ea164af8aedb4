#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/rpc/access.h"
#include "libs/telemetry/trace_context.h"
#include "slipway/auth/v1/assertion.pb.h"

namespace slipway::rpc {

// Who calls, for what, until when. Made by CallGate for one call and valid during its handler; a
// value otherwise.
struct CallContext {
  slipway::auth::v1::Principal principal;
  std::string actor;       // "user:admin"
  std::string request_id;  // unique for the call, shown to the caller in errors
  telemetry::TraceContext trace;
  absl::Time deadline = absl::InfiniteFuture();
  std::string method;         // "slipway.pipeline.v1.PipelineService/GetApp"
  std::string address;        // of the caller, as far as it is known
  std::string resource = {};  // what the permission was checked on
  std::string bearer = {};    // token of the call, for re-checks of long streams; never logged
  bool audited = false;       // an audit entry was already written in the transaction of the change

  bool Can(Verb verb, const Scope& scope) const { return Allows(principal, verb, scope); }

  // OK, or the refusal that does not tell a forbidden resource from an unknown one: NOT_FOUND
  // unless the caller may VIEW the scope, then PERMISSION_DENIED that names the right and the role
  // that has it.
  absl::Status Require(Verb verb, const Scope& scope, std::string_view resource_name) const;
};

}  // namespace slipway::rpc
