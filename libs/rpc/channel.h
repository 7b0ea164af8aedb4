#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "libs/base/mutex.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/status.h"

namespace slipway::rpc {

// A channel to "unix:/path" or "host:port" with the house's keepalive. Connects lazily and by
// itself; thread-safe. `service_config` is gRPC's JSON
// (https://github.com/grpc/grpc/blob/master/doc/service_config.md), for retries; may be empty.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::string& service_config = "");

// The assertion of a service or runner for its own calls: exchanged at auth and renewed when less
// than half its life is left. Thread-safe. Owned by App.
class AssertionSource {
 public:
  // `auth` is the channel to the auth service.
  AssertionSource(std::shared_ptr<grpc::Channel> auth, std::string token);
  // A serialised Assertion with at least 20 s of life; the error of the exchange where there is
  // none.
  absl::StatusOr<std::string> Get();

 private:
  std::shared_ptr<grpc::Channel> auth_;
  std::string token_;
  Mutex mu_;
  std::string assertion_ SLIPWAY_GUARDED_BY(mu_);
  absl::Time expires_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
};

// How one outgoing call is made.
struct CallOptions {
  absl::Duration timeout = absl::Seconds(10);
  absl::Time deadline =
      absl::InfiniteFuture();  // of the call being served, if there is one; the earlier counts
  std::string traceparent = {};
  std::string request_id = {};
  bool retry = false;  // idempotent: tried again on UNAVAILABLE, with jitter, until the deadline
};

// Options that carry on the call being served.
CallOptions Within(const CallContext& call, absl::Duration timeout = absl::Seconds(10));

// A peer service: its channel and whom to call it as. `source` may be null for public RPCs. Owned
// by App; thread-safe.
class Peer {
 public:
  Peer(std::shared_ptr<grpc::Channel> channel, AssertionSource* source)
      : channel_(std::move(channel)), source_(source) {}

  // One unary call:
  //   peer.Call<pb::GetAppResponse>(stub, &pb::PipelineService::Stub::GetApp, request, options)
  template <typename Response, typename Stub, typename Request>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, const CallOptions& options = {}) {
    const absl::Time deadline = std::min(options.deadline, absl::Now() + options.timeout);
    for (int attempt = 0;; ++attempt) {
      grpc::ClientContext context;
      Response response;
      absl::Status status = Prepare(context, options, deadline);
      if (status.ok()) status = FromGrpc((stub.*method)(&context, request, &response));
      if (status.ok()) return response;
      if (!options.retry || status.code() != absl::StatusCode::kUnavailable ||
          !BackOff(attempt, deadline))
        return status;
    }
  }

  // Deadline, assertion and trace of an outgoing call; for streams, which make their own call.
  absl::Status Prepare(grpc::ClientContext& context, const CallOptions& options,
                       absl::Time deadline);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  // Waits before the next attempt; false when the deadline would pass.
  static bool BackOff(int attempt, absl::Time deadline);

  std::shared_ptr<grpc::Channel> channel_;
  AssertionSource* source_;
};

}  // namespace slipway::rpc
