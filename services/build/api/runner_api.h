#pragma once

#include "libs/rpc/call_gate.h"
#include "libs/rpc/push_stream.h"
#include "services/build/engine/reports.h"
#include "services/build/engine/runner_sessions.h"
#include "slipway/build/v1/runner.grpc.pb.h"

namespace slipway::build {

// gRPC adapter of RunnerService. Who calls is what the token says, never what the request says.
// Owned by App; thread-safe.
class RunnerApi final
    : public v1::RunnerService::WithCallbackMethod_WatchLeases<v1::RunnerService::Service> {
 public:
  struct Parts {
    rpc::CallGate& gate;
    rpc::StreamHub& streams;
    RunnerSessions& sessions;
    Reports& reports;
  };
  explicit RunnerApi(Parts parts) : parts_(parts) {}

  grpc::ServerWriteReactor<v1::LeaseMessage>* WatchLeases(
      grpc::CallbackServerContext* context, const v1::WatchLeasesRequest* request) override;
  grpc::Status Heartbeat(grpc::ServerContext* context, const v1::HeartbeatRequest* request,
                         v1::HeartbeatResponse* response) override;
  grpc::Status ReportSteps(grpc::ServerContext* context, const v1::ReportStepsRequest* request,
                           v1::ReportStepsResponse* response) override;
  grpc::Status AppendLog(grpc::ServerContext* context, const v1::AppendLogRequest* request,
                         v1::AppendLogResponse* response) override;
  grpc::Status CompleteJob(grpc::ServerContext* context, const v1::CompleteJobRequest* request,
                           v1::CompleteJobResponse* response) override;

  // For Runtime::Serve.
  static const google::protobuf::ServiceDescriptor* Contract();

 private:
  Parts parts_;
};

}  // namespace slipway::build
