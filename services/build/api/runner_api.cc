#include "services/build/api/runner_api.h"

#include <memory>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "services/build/api/calls.h"
#include "services/build/domain/errors.h"

namespace slipway::build {
namespace {

using rpc::CallContext;

absl::StatusOr<std::string> RunnerOf(const CallContext& call) {
  if (call.principal.kind() != auth::v1::Principal::RUNNER || call.principal.id().empty())
    return NotARunner();
  return call.principal.id();
}

// The body of WatchLeases: what is pushed to the runner, in order.
class LeaseStream final : public rpc::StreamSource<v1::LeaseMessage> {
 public:
  LeaseStream(RunnerSessions& sessions, std::shared_ptr<RunnerSession> session)
      : sessions_(sessions), session_(std::move(session)) {}
  ~LeaseStream() override { sessions_.Disconnect(session_); }

  absl::StatusOr<Step> Next() override {
    if (auto message = session_->Pop()) return Step{.message = *std::move(message)};
    if (session_->closed())
      return absl::AbortedError("another stream of this runner has taken over");
    return Step{};
  }

 private:
  RunnerSessions& sessions_;
  std::shared_ptr<RunnerSession> session_;
};

}  // namespace

grpc::ServerWriteReactor<v1::LeaseMessage>* RunnerApi::WatchLeases(
    grpc::CallbackServerContext* context, const v1::WatchLeasesRequest* request) {
  using Source = std::unique_ptr<rpc::StreamSource<v1::LeaseMessage>>;
  return parts_.streams.Serve<v1::LeaseMessage>(
      context, request,
      std::function([this, wanted = *request](const CallContext& call,
                                              rpc::StreamWaker waker) -> absl::StatusOr<Source> {
        SLIPWAY_ASSIGN_OR_RETURN(const std::string runner, RunnerOf(call));
        SLIPWAY_ASSIGN_OR_RETURN(
            auto session, parts_.sessions.Connect(runner, wanted, absl::Now() + absl::Seconds(10),
                                                  [waker] { waker.Wake(); }));
        return Source(new LeaseStream(parts_.sessions, std::move(session)));
      }));
}

grpc::Status RunnerApi::Heartbeat(grpc::ServerContext* context, const v1::HeartbeatRequest* request,
                                  v1::HeartbeatResponse* response) {
  return parts_.gate.Unary(
      context, *request, response, [&](CallContext& call) -> absl::StatusOr<v1::HeartbeatResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(const std::string runner, RunnerOf(call));
        SLIPWAY_ASSIGN_OR_RETURN(const auto lost,
                                 parts_.reports.Heartbeat(runner, *request, DeadlineOf(call)));
        v1::HeartbeatResponse answer;
        for (const v1::LeaseKey& key : lost) *answer.add_lost() = key;
        return answer;
      });
}

grpc::Status RunnerApi::ReportSteps(grpc::ServerContext* context,
                                    const v1::ReportStepsRequest* request,
                                    v1::ReportStepsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string runner, RunnerOf(call));
    return parts_.reports.ReportSteps(runner, *request, DeadlineOf(call));
  });
}

grpc::Status RunnerApi::AppendLog(grpc::ServerContext* context, const v1::AppendLogRequest* request,
                                  v1::AppendLogResponse* response) {
  return parts_.gate.Unary(
      context, *request, response, [&](CallContext& call) -> absl::StatusOr<v1::AppendLogResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(const std::string runner, RunnerOf(call));
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t size,
                                 parts_.reports.AppendLog(runner, *request, DeadlineOf(call)));
        v1::AppendLogResponse answer;
        answer.set_size(size);
        return answer;
      });
}

grpc::Status RunnerApi::CompleteJob(grpc::ServerContext* context,
                                    const v1::CompleteJobRequest* request,
                                    v1::CompleteJobResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string runner, RunnerOf(call));
    return parts_.reports.CompleteJob(runner, *request, DeadlineOf(call));
  });
}

const google::protobuf::ServiceDescriptor* RunnerApi::Contract() {
  return v1::LeaseKey::GetDescriptor()->file()->service(0);
}

}  // namespace slipway::build
