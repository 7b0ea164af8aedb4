#include "libs/rpc/call_gate.h"

#include <exception>

#include "absl/time/clock.h"
#include "libs/base/check.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "libs/rpc/errors.h"
#include "slipway/api/options.pb.h"

namespace slipway::rpc {
namespace {

namespace pb = google::protobuf;
using slipway::api::Permission;

std::string Metadata(const grpc::ServerContextBase& context, const char* key) {
  const auto& all = context.client_metadata();
  const auto found = all.find(key);
  return found == all.end() ? std::string()
                            : std::string(found->second.data(), found->second.size());
}

bool IsSaneRequestId(const std::string& id) {
  if (id.empty() || id.size() > 64) return false;
  for (char c : id) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
          c == '_'))
      return false;
  }
  return true;
}

std::string BearerOf(const std::string& authorization) {
  static constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      ToLower(authorization.substr(0, kScheme.size())) != kScheme)
    return "";
  return authorization.substr(kScheme.size());
}

std::string ResourceOf(const pb::Message& request,
                       const std::vector<const pb::FieldDescriptor*>& path) {
  const pb::Message* message = &request;
  for (size_t i = 0; i + 1 < path.size(); ++i)
    message = &message->GetReflection()->GetMessage(*message, path[i]);
  return path.empty() ? std::string() : message->GetReflection()->GetString(*message, path.back());
}

// "127.0.0.1" of "ipv4:127.0.0.1:4711", "::1" of "ipv6:%5B::1%5D:4711"; "" for a Unix socket.
std::string PeerAddress(const std::string& peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (!peer.starts_with("ipv") || port <= scheme) return "";
  std::string address = peer.substr(scheme + 1, port - scheme - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D"))
    address = address.substr(3, address.size() - 6);
  return address;
}

// Whom the gateway calls for is believed on a Unix socket, which is open to the suite's own user
// alone. Over TCP anybody may say so: there the peer's own address stands first.
std::string AddressOf(const grpc::ServerContextBase& context) {
  std::string told = Metadata(context, kAddressKey);
  if (told.size() > 64 ||
      told.find_first_not_of("0123456789abcdefABCDEF.:%[]") != std::string::npos)
    told.clear();
  const std::string peer = PeerAddress(context.peer());
  if (peer.empty() || told.empty()) return peer + told;
  return peer + " for " + told;
}

bool IsAudited(Verb verb) {
  return verb == Permission::TRIGGER || verb == Permission::EDIT || verb == Permission::MANAGE ||
         verb == Permission::SUPER;
}

}  // namespace

absl::Status CallContext::Require(Verb verb, const Scope& scope,
                                  std::string_view resource_name) const {
  if (Can(verb, scope)) return absl::OkStatus();
  if (Can(Permission::VIEW, scope)) return RightMissing(verb, resource_name);
  return ResourceNotFound(resource_name);
}

CallGate::CallGate(Parts parts) : parts_(std::move(parts)) {}

void CallGate::Register(const pb::ServiceDescriptor* service) {
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* rpc = service->method(i);
    const Permission& permission = rpc->options().GetExtension(slipway::api::permission);
    SLIPWAY_CHECK(permission.verb() != Permission::VERB_UNSPECIFIED);
    Method method{service->full_name() + "/" + rpc->name(), permission.verb(), {}};
    const pb::Descriptor* type = rpc->input_type();
    if (!permission.resource().empty()) {
      for (const std::string& part : Split(permission.resource(), '.')) {
        SLIPWAY_CHECK(type != nullptr);
        const pb::FieldDescriptor* field = type->FindFieldByName(part);
        SLIPWAY_CHECK(field != nullptr);
        method.resource_path.push_back(field);
        type = field->message_type();
      }
      SLIPWAY_CHECK(method.resource_path.back()->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING);
    }
    const bool fresh = methods_.emplace(rpc->input_type()->full_name(), std::move(method)).second;
    SLIPWAY_CHECK(fresh);
  }
}

const CallGate::Method& CallGate::MethodOf(const pb::Message& request) const {
  const auto found = methods_.find(request.GetDescriptor()->full_name());
  SLIPWAY_CHECK(found != methods_.end());
  return found->second;
}

CallContext CallGate::Begin(const grpc::ServerContextBase& context, const Method& method) const {
  CallContext call;
  call.method = method.name;
  call.request_id = Metadata(context, kRequestIdKey);
  if (!IsSaneRequestId(call.request_id)) call.request_id = NewUlid(parts_.clock.Now());
  const std::string traceparent = Metadata(context, kTraceparentKey);
  call.trace = telemetry::TraceContext::ParseOrNew(traceparent);
  if (!traceparent.empty()) call.trace = call.trace.Child();
  call.actor = "anonymous";
  call.address = AddressOf(context);
  const auto deadline = absl::FromChrono(context.deadline());
  // Without a deadline gRPC gives the year 2262; a handler never needs to wait longer than this.
  call.deadline = std::min(deadline, absl::Now() + absl::Minutes(10));
  return call;
}

absl::Status CallGate::Authenticate(const grpc::ServerContextBase& context, const Method& method,
                                    CallContext& call) {
  std::string assertion = Metadata(context, kAssertionKey);
  call.bearer = BearerOf(Metadata(context, kAuthorizationKey));
  if (assertion.empty()) {
    if (call.bearer.empty()) {
      return method.verb == Permission::PUBLIC
                 ? absl::OkStatus()
                 : Unauthenticated("this needs a token: sign in with `slipway login`");
    }
    if (method.verb == Permission::PUBLIC) return absl::OkStatus();
    SLIPWAY_ASSIGN_OR_RETURN(assertion, parts_.exchange(call.bearer, call.deadline));
  }
  auto caller = parts_.verifier.Verify(assertion);
  if (!caller.ok()) {
    if (method.verb == Permission::PUBLIC) return absl::OkStatus();
    if (caller.status().code() == absl::StatusCode::kUnauthenticated)
      return Unauthenticated(MessageOf(caller.status()));
    return caller.status();
  }
  call.principal = std::move(caller->principal);
  call.actor = ActorOf(call.principal);
  return absl::OkStatus();
}

absl::Status CallGate::Authorize(const Method& method, const pb::Message& request,
                                 CallContext& call) const {
  call.resource = ResourceOf(request, method.resource_path);
  const Scope scope = ScopeOfName(call.resource);
  if (method.verb == Permission::RUNNER || method.verb == Permission::SERVICE) {
    return call.Can(method.verb, scope) ? absl::OkStatus()
                                        : RightMissing(method.verb, call.resource);
  }
  if (method.verb == Permission::VIEW) {
    // A list below "-" or a whole project is filtered by its handler.
    return AllowsSomethingIn(call.principal, method.verb, scope) || call.Can(method.verb, scope)
               ? absl::OkStatus()
               : ResourceNotFound(call.resource);
  }
  if (method.verb == Permission::SUPER && !call.Can(method.verb, scope))
    return RightMissing(method.verb, call.resource);
  return call.Require(method.verb, scope, call.resource);
}

absl::StatusOr<CallContext> CallGate::Admit(const grpc::ServerContextBase& context,
                                            const pb::Message& request) {
  const Method& method = MethodOf(request);
  CallContext call = Begin(context, method);
  SLIPWAY_RETURN_IF_ERROR(Authenticate(context, method, call));
  SLIPWAY_RETURN_IF_ERROR(Authorize(method, request, call));
  return call;
}

absl::Status CallGate::Readmit(CallContext& call, const pb::Message& request, absl::Time& expires) {
  if (call.bearer.empty()) {
    // The peer holds the token: it reconnects with a new assertion.
    return Unauthenticated("the assertion of this stream has ended: connect again");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string assertion,
                           parts_.exchange(call.bearer, absl::Now() + absl::Seconds(5)));
  SLIPWAY_ASSIGN_OR_RETURN(VerifiedCaller caller, parts_.verifier.Verify(assertion));
  // Token and assertion of one call may be of two callers; a stream stays with the one that it
  // began with.
  if (ActorOf(caller.principal) != call.actor)
    return Unauthenticated("the token of this stream is of somebody else");
  call.principal = std::move(caller.principal);
  expires = caller.expires;
  return Authorize(MethodOf(request), request, call);
}

absl::Status CallGate::Hide(const absl::Status& status, const CallContext& call) const {
  if (status.code() != absl::StatusCode::kInternal && status.code() != absl::StatusCode::kUnknown)
    return status;
  log::Error("rpc.internal_error", MessageOf(status), {{"method", call.method}});
  return InternalError(call.request_id);
}

void CallGate::Finished(const CallContext& call, const absl::Status& status, absl::Duration took) {
  const std::string code(CodeName(status.code()));
  parts_.metrics.RpcDone(call.method, code, took);
  log::Log(log::Level::kInfo, "rpc", call.method,
           {{"code", code}, {"ms", absl::ToDoubleMilliseconds(took)}, {"resource", call.resource}});
}

grpc::Status CallGate::Run(grpc::ServerContext& context, const pb::Message& request,
                           const std::function<absl::Status(CallContext&)>& body) {
  const absl::Time start = absl::Now();
  const Method& method = MethodOf(request);
  CallContext call = Begin(context, method);
  absl::Status status = Authenticate(context, method, call);
  const log::Scope scope({call.trace.trace_id, call.trace.span_id, call.request_id, call.actor});
  if (status.ok() && call.deadline <= absl::Now()) status = DeadlinePassed();
  if (status.ok()) status = Authorize(method, request, call);
  if (status.ok()) {
    try {
      status = body(call);
    } catch (const std::exception& e) {
      status = absl::InternalError(std::string("exception: ") + e.what());
    }
  }
  status = Hide(status, call);
  const std::string reason = DetailsOf(status).reason;
  const bool refused = reason == kRightMissing || reason == kResourceNotFound;
  if (parts_.audit && !call.audited &&
      call.principal.kind() != slipway::auth::v1::Principal::SERVICE &&
      (IsAudited(method.verb) || refused)) {
    parts_.audit({call.actor, call.method, call.resource, std::string(CodeName(status.code())),
                  call.request_id, call.address});
  }
  context.AddTrailingMetadata(kRequestIdKey, call.request_id);
  Finished(call, status, absl::Now() - start);
  return ToGrpc(status);
}

}  // namespace slipway::rpc
