#include "services/gateway/backend/backends.h"

#include <atomic>

#include "absl/time/clock.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "libs/base/strings.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/status.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;
using Stub = grpc::TemplatedGenericStub<pb::MessageLite, pb::MessageLite>;

constexpr int kHealthServing = 1;  // grpc.health.v1.HealthCheckResponse.ServingStatus

// gRPC's own retry policy (https://github.com/grpc/proposal/blob/master/A6-client-retries.md) for
// calls that change nothing: a service that is started anew is away for a fraction of a second.
std::string RetryConfig(const std::vector<std::string>& idempotent) {
  if (idempotent.empty()) return "";
  std::string names;
  for (const std::string& method : idempotent) {
    const size_t slash = method.find('/');
    names += (names.empty() ? "" : ",") + ("{\"service\":\"" + method.substr(0, slash)) +
             "\",\"method\":\"" + method.substr(slash + 1) + "\"}";
  }
  return "{\"methodConfig\":[{\"name\":[" + names +
         "],\"retryPolicy\":{\"maxAttempts\":5,\"initialBackoff\":\"0.1s\",\"maxBackoff\":\"0.5s\","
         "\"backoffMultiplier\":2,\"retryableStatusCodes\":[\"UNAVAILABLE\"]}}]}";
}

std::map<std::string, std::shared_ptr<grpc::Channel>> MakeChannels(
    const std::map<std::string, std::string>& addresses, const std::string& config) {
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  for (const auto& [name, address] : addresses) channels[name] = rpc::MakeChannel(address, config);
  return channels;
}

absl::Status NoBackend(std::string_view package) {
  return absl::UnimplementedError("no service answers for " + std::string(package) + " here");
}

}  // namespace

void AddMetadata(const CallHeaders& headers, grpc::ClientContext& context) {
  if (!headers.authorization.empty()) {
    context.AddMetadata(rpc::kAuthorizationKey, headers.authorization);
  }
  context.AddMetadata(rpc::kRequestIdKey, headers.request_id);
  context.AddMetadata(rpc::kTraceparentKey, headers.traceparent);
  if (!headers.address.empty()) context.AddMetadata(rpc::kAddressKey, headers.address);
}

// Counts a call as running as long as it lives.
class Backends::ActiveCall {
 public:
  explicit ActiveCall(Backends& backends) : backends_(backends) {
    const MutexLock lock(backends_.mu_);
    ++backends_.active_;
  }
  ~ActiveCall() {
    const MutexLock lock(backends_.mu_);
    if (--backends_.active_ == 0) backends_.idle_.notify_all();
  }
  ActiveCall(const ActiveCall&) = delete;
  ActiveCall& operator=(const ActiveCall&) = delete;

 private:
  Backends& backends_;
};

// One server stream; keeps itself alive until OnDone. At any time either a read is pending or the
// consumer holds `next`.
class Backends::StreamCall final
    : public grpc::ClientBidiReactor<pb::MessageLite, pb::MessageLite> {
 public:
  StreamCall(Backends& backends, const std::shared_ptr<grpc::Channel>& channel,
             const CallHeaders& headers, std::unique_ptr<pb::Message> request,
             std::unique_ptr<pb::Message> response, OnMessage on_message, StreamDone on_done)
      : active_(backends),
        stub_(channel),
        request_(std::move(request)),
        response_(std::move(response)),
        on_message_(std::move(on_message)),
        on_done_(std::move(on_done)) {
    AddMetadata(headers, context_);
  }

  void Start(const std::shared_ptr<StreamCall>& self, const std::string& method) {
    self_ = self;
    stub_.PrepareBidiStreamingCall(&context_, method, {}, this);
    StartWriteLast(request_.get(), grpc::WriteOptions());
    StartRead(response_.get());
    AddHold();  // reads are started from other threads
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) return RemoveHold();
    on_message_(*response_, [this](bool more) {
      if (more) {
        response_->Clear();
        StartRead(response_.get());
      } else {
        context_.TryCancel();
        RemoveHold();
      }
    });
  }

  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<StreamCall> self = std::move(self_);
    const OnMessage release = std::move(on_message_);
    on_done_(rpc::FromGrpc(status));
  }

 private:
  const ActiveCall active_;
  Stub stub_;
  grpc::ClientContext context_;
  const std::unique_ptr<pb::Message> request_;
  const std::unique_ptr<pb::Message> response_;
  OnMessage on_message_;
  const StreamDone on_done_;
  std::shared_ptr<StreamCall> self_;
};

Backends::Backends(const std::map<std::string, std::string>& addresses,
                   const std::vector<std::string>& idempotent)
    : channels_(MakeChannels(addresses, RetryConfig(idempotent))) {}

Backends::~Backends() { Drain(); }

void Backends::Drain() {
  std::unique_lock<std::mutex> lock(mu_);
  idle_.wait(lock, [this] { return active_ == 0; });
}

std::shared_ptr<grpc::Channel> Backends::ChannelOf(std::string_view package) const {
  const std::vector<std::string> parts = Split(package, '.');
  if (parts.size() != 3 || parts[0] != "slipway") return nullptr;
  const auto found = channels_.find(parts[1]);
  return found == channels_.end() ? nullptr : found->second;
}

std::function<void()> Backends::Unary(const std::string& package, const std::string& method,
                                      const CallHeaders& headers, absl::Duration timeout,
                                      std::unique_ptr<pb::Message> request,
                                      std::unique_ptr<pb::Message> response, UnaryDone done) {
  const std::shared_ptr<grpc::Channel> channel = ChannelOf(package);
  if (channel == nullptr) {
    done({NoBackend(package), std::move(response)});
    return [] {};
  }
  struct Call {
    Call(Backends& backends, const std::shared_ptr<grpc::Channel>& c) : active(backends), stub(c) {}
    const ActiveCall active;
    Stub stub;
    grpc::ClientContext context;
    std::unique_ptr<pb::Message> request;
    std::unique_ptr<pb::Message> response;
    UnaryDone done;
  };
  auto call = std::make_shared<Call>(*this, channel);
  call->request = std::move(request);
  call->response = std::move(response);
  call->done = std::move(done);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  AddMetadata(headers, call->context);
  call->stub.UnaryCall(&call->context, method, {}, call->request.get(), call->response.get(),
                       [call](const grpc::Status& status) {
                         call->done({rpc::FromGrpc(status), std::move(call->response)});
                       });
  return [weak = std::weak_ptr(call)] {
    if (const auto held = weak.lock()) held->context.TryCancel();
  };
}

std::function<void()> Backends::Stream(const std::string& package, const std::string& method,
                                       const CallHeaders& headers,
                                       std::unique_ptr<pb::Message> request,
                                       std::unique_ptr<pb::Message> response, OnMessage on_message,
                                       StreamDone on_done) {
  const std::shared_ptr<grpc::Channel> channel = ChannelOf(package);
  if (channel == nullptr) {
    on_done(NoBackend(package));
    return [] {};
  }
  const auto call =
      std::make_shared<StreamCall>(*this, channel, headers, std::move(request), std::move(response),
                                   std::move(on_message), std::move(on_done));
  call->Start(call, method);
  return [weak = std::weak_ptr(call)] {
    if (const auto held = weak.lock()) held->Cancel();
  };
}

void Backends::CheckHealth(absl::Duration timeout,
                           std::function<void(std::vector<std::string> sick)> done) {
  struct Round {
    Mutex mu;
    size_t open = 0;
    std::vector<std::string> sick;
    std::function<void(std::vector<std::string>)> done;
  };
  // The health service's messages are not packaged with gRPC: an empty request asks for the whole
  // server, and the answer's one field is read as an unknown one.
  struct Check {
    Check(Backends& backends, const std::shared_ptr<grpc::Channel>& c)
        : active(backends), stub(c) {}
    const ActiveCall active;
    Stub stub;
    grpc::ClientContext context;
    pb::Empty request;
    pb::Empty response;
  };
  const auto round = std::make_shared<Round>();
  round->open = channels_.size();
  round->done = std::move(done);
  for (const auto& [name, channel] : channels_) {
    const auto check = std::make_shared<Check>(*this, channel);
    check->context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    check->stub.UnaryCall(
        &check->context, "/grpc.health.v1.Health/Check", {}, &check->request, &check->response,
        [round, check, service = name](const grpc::Status& status) {
          const auto& fields = check->response.GetReflection()->GetUnknownFields(check->response);
          const bool serving = status.ok() && fields.field_count() == 1 &&
                               fields.field(0).type() == pb::UnknownField::TYPE_VARINT &&
                               fields.field(0).varint() == kHealthServing;
          {
            const MutexLock lock(round->mu);
            if (!serving) round->sick.push_back(service);
            if (--round->open > 0) return;
          }
          round->done(round->sick);
        });
  }
}

}  // namespace slipway::gateway
