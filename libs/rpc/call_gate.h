#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "libs/base/clock.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/status.h"
#include "libs/telemetry/metrics.h"

namespace slipway::rpc {

// Metadata keys of every call.
inline constexpr char kAssertionKey[] = "slipway-assertion-bin";
inline constexpr char kAuthorizationKey[] = "authorization";  // "Bearer TOKEN"
inline constexpr char kRequestIdKey[] = "slipway-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";
inline constexpr char kAddressKey[] =
    "slipway-address";  // of the HTTP client, set by the gateway only

// Exchanges a bearer token for a serialised Assertion at auth. UNAUTHENTICATED for a token that is
// not valid.
using TokenExchange =
    std::function<absl::StatusOr<std::string>(const std::string& token, absl::Time deadline)>;

// Takes what happened, for the audit trail. Called after the handler, for every call that changes
// or triggers something and for every refusal by right; must not block long.
struct AuditRecord {
  std::string actor;
  std::string method;
  std::string resource;
  std::string outcome;
  std::string request_id;
  std::string address;
};
using AuditSink = std::function<void(const AuditRecord&)>;

// The one wrapper around every handler: request id, trace, authentication, deadline, authorization
// by the contract's permission option, metrics, access log, exception barrier, status mapping.
// Owned by App, outlives the server. Thread-safe after Register.
class CallGate {
 public:
  struct Parts {
    Clock& clock;
    AssertionVerifier& verifier;
    TokenExchange exchange;
    telemetry::Metrics& metrics;
    AuditSink audit;  // may be empty
  };
  explicit CallGate(Parts parts);

  // Learns the permissions of all RPCs of a service. Aborts when one has no permission, names a
  // request field that is not there, or shares its request type with another registered RPC (the
  // request type is how a call is recognised).
  void Register(const google::protobuf::ServiceDescriptor* service);

  // Wraps a unary handler: `handler` is called with CallContext& and returns
  // absl::StatusOr<Response> or, for an empty Response, absl::Status.
  template <typename Response, typename Handler>
  grpc::Status Unary(grpc::ServerContext* context, const google::protobuf::Message& request,
                     Response* response, Handler&& handler) {
    return Run(*context, request, [&](CallContext& call) -> absl::Status {
      auto result = handler(call);
      if constexpr (std::is_same_v<decltype(result), absl::Status>) {
        return result;
      } else {
        if (!result.ok()) return result.status();
        *response = *std::move(result);
        return absl::OkStatus();
      }
    });
  }

  // Authenticates and authorizes without running a handler: for streams. May call auth, so never on
  // a gRPC callback thread.
  absl::StatusOr<CallContext> Admit(const grpc::ServerContextBase& context,
                                    const google::protobuf::Message& request);

  // Checks a running stream anew: its bearer token is exchanged again, or without one its assertion
  // must still be valid. Updates the principal. Needed when `Expires` has passed.
  absl::Status Readmit(CallContext& call, const google::protobuf::Message& request,
                       absl::Time& expires);

  // When the assertion behind `call` ends; set by Admit.
  static constexpr absl::Duration kAssertionLife = absl::Seconds(60);

  // Logs and counts the end of a stream.
  void Finished(const CallContext& call, const absl::Status& status, absl::Duration took);

  Clock& clock() { return parts_.clock; }

 private:
  struct Method {
    std::string name;  // "slipway.pipeline.v1.PipelineService/GetApp"
    Verb verb;
    std::vector<const google::protobuf::FieldDescriptor*> resource_path;
  };

  grpc::Status Run(grpc::ServerContext& context, const google::protobuf::Message& request,
                   const std::function<absl::Status(CallContext&)>& body);
  // Fills the context from the metadata; no check.
  CallContext Begin(const grpc::ServerContextBase& context, const Method& method) const;
  absl::Status Authenticate(const grpc::ServerContextBase& context, const Method& method,
                            CallContext& call);
  absl::Status Authorize(const Method& method, const google::protobuf::Message& request,
                         CallContext& call) const;
  const Method& MethodOf(const google::protobuf::Message& request) const;
  absl::Status Hide(const absl::Status& status, const CallContext& call) const;

  Parts parts_;
  std::unordered_map<std::string, Method> methods_;  // by request type
};

}  // namespace slipway::rpc
