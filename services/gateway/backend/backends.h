#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "libs/base/mutex.h"

namespace slipway::gateway {

// What is passed on with each call of a backend. A value.
struct CallHeaders {
  std::string authorization = {};  // as the client sent it; never logged
  std::string request_id = {};
  std::string traceparent = {};
  std::string address = {};  // of the client
};

// Puts them into the metadata of a call.
void AddMetadata(const CallHeaders& headers, grpc::ClientContext& context);

// The services behind the gateway, one channel each. Owned by App; thread-safe.
class Backends {
 public:
  // `addresses` maps a service's name ("auth") to "unix:/path" or "host:port". `idempotent` are
  // RPCs
  // ("slipway.auth.v1.AuthService/GetUser") that are tried again for a second when their service is
  // away.
  Backends(const std::map<std::string, std::string>& addresses,
           const std::vector<std::string>& idempotent);
  ~Backends();  // as Drain
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;

  // The channel of the service that speaks for a proto package: "slipway.auth.v1" -> auth. Null for
  // an unknown one.
  std::shared_ptr<grpc::Channel> ChannelOf(std::string_view package) const;
  const std::map<std::string, std::shared_ptr<grpc::Channel>>& channels() const {
    return channels_;
  }

  // One unary call. `done` is called once, on a gRPC thread, with the filled response. The returned
  // function cancels the call; it may be called at any time, also after the end.
  struct UnaryResult {
    absl::Status status;
    std::unique_ptr<google::protobuf::Message> response;
  };
  using UnaryDone = std::function<void(UnaryResult result)>;
  std::function<void()> Unary(const std::string& package, const std::string& method,
                              const CallHeaders& headers, absl::Duration timeout,
                              std::unique_ptr<google::protobuf::Message> request,
                              std::unique_ptr<google::protobuf::Message> response, UnaryDone done);

  // One server stream. Messages come one at a time: the next is read when `next` is called.
  // `on_message` and `on_done` are called on gRPC threads; `on_done` once, last.
  using Next = std::function<void(bool more)>;  // false ends the call
  using OnMessage = std::function<void(const google::protobuf::Message& message, Next next)>;
  using StreamDone = std::function<void(absl::Status status)>;
  std::function<void()> Stream(const std::string& package, const std::string& method,
                               const CallHeaders& headers,
                               std::unique_ptr<google::protobuf::Message> request,
                               std::unique_ptr<google::protobuf::Message> response,
                               OnMessage on_message, StreamDone on_done);

  // Names of the services whose health check does not say SERVING, asked at once; `done` on a gRPC
  // thread.
  void CheckHealth(absl::Duration timeout, std::function<void(std::vector<std::string> sick)> done);

  // Waits until no call runs. What their callbacks use must live until then.
  void Drain();

 private:
  class ActiveCall;
  class StreamCall;

  const std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  Mutex mu_;
  std::condition_variable idle_;
  int active_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::gateway
