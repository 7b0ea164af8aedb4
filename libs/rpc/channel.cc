#include "libs/rpc/channel.h"

#include <algorithm>
#include <random>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "libs/base/status.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/timestamp.h"
#include "slipway/auth/v1/auth.grpc.pb.h"

namespace slipway::rpc {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::string& service_config) {
  grpc::ChannelArguments arguments;
  if (!service_config.empty()) arguments.SetServiceConfigJSON(service_config);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A service that was killed is back within a second: find out soon.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // This one is how long an attempt may take until the peer's first frame: a loaded machine needs
  // more than the pauses.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  // Errors with their details come in trailers; as in Server.
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 64 * 1024);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

AssertionSource::AssertionSource(std::shared_ptr<grpc::Channel> auth, std::string token)
    : auth_(std::move(auth)), token_(std::move(token)) {}

absl::StatusOr<std::string> AssertionSource::Get() {
  MutexLock lock(mu_);
  if (expires_ - absl::Now() > absl::Seconds(30)) return assertion_;
  slipway::auth::v1::ExchangeRequest request;
  slipway::auth::v1::ExchangeResponse response;
  request.set_token(token_);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(2)));
  context.set_wait_for_ready(true);  // see Peer::Prepare
  const auto stub = slipway::auth::v1::AuthService::NewStub(auth_);
  const absl::Status status = FromGrpc(stub->Exchange(&context, request, &response));
  if (!status.ok()) {
    if (expires_ - absl::Now() > absl::Seconds(2)) return assertion_;
    return status;
  }
  assertion_ = response.assertion();
  expires_ = FromTimestamp(response.expire_time());
  return assertion_;
}

CallOptions Within(const CallContext& call, absl::Duration timeout) {
  CallOptions options;
  options.timeout = timeout;
  options.deadline = call.deadline;
  options.traceparent = call.trace.ToString();
  options.request_id = call.request_id;
  return options;
}

absl::Status Peer::Prepare(grpc::ClientContext& context, const CallOptions& options,
                           absl::Time deadline) {
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
  // gRPC makes progress with a connection while a call of it waits; where calls fail at once, its
  // own poller looks every five seconds only.
  if (options.retry) context.set_wait_for_ready(true);
  if (source_ != nullptr) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string assertion, source_->Get());
    context.AddMetadata(kAssertionKey, assertion);
  }
  if (!options.traceparent.empty()) context.AddMetadata(kTraceparentKey, options.traceparent);
  if (!options.request_id.empty()) context.AddMetadata(kRequestIdKey, options.request_id);
  return absl::OkStatus();
}

bool Peer::BackOff(int attempt, absl::Time deadline) {
  static thread_local std::mt19937 random(std::random_device{}());
  const double most = std::min(1000.0, 20.0 * (1 << std::min(attempt, 6)));
  const absl::Duration wait =
      absl::Milliseconds(std::uniform_real_distribution<double>(most / 2, most)(random));
  if (absl::Now() + wait >= deadline) return false;
  absl::SleepFor(wait);
  return true;
}

}  // namespace slipway::rpc
