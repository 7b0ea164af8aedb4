#pragma once

#include "libs/events/outbox.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/push_stream.h"
#include "services/build/engine/core.h"
#include "services/build/engine/queries.h"
#include "services/build/engine/run_commands.h"
#include "services/build/engine/runner_commands.h"
#include "services/build/logs/log_reader.h"
#include "slipway/build/v1/build.grpc.pb.h"

namespace slipway::build {

// gRPC adapter of BuildService: each handler is one expression around a use case. Owned by App;
// thread-safe.
class BuildApi final
    : public v1::BuildService::WithCallbackMethod_WatchRun<
          v1::BuildService::WithCallbackMethod_TailLog<
              v1::BuildService::WithCallbackMethod_WatchEvents<v1::BuildService::Service>>> {
 public:
  struct Parts {
    rpc::CallGate& gate;
    rpc::StreamHub& streams;
    Core& core;
    RunCommands& runs;
    RunnerCommands& runners;
    Queries& queries;
    LogReader& logs;
  };
  explicit BuildApi(Parts parts) : parts_(parts) {}

  grpc::Status RunWorkflow(grpc::ServerContext* context, const v1::RunWorkflowRequest* request,
                           v1::Run* response) override;
  grpc::Status GetRun(grpc::ServerContext* context, const v1::GetRunRequest* request,
                      v1::Run* response) override;
  grpc::Status ListRuns(grpc::ServerContext* context, const v1::ListRunsRequest* request,
                        v1::ListRunsResponse* response) override;
  grpc::ServerWriteReactor<v1::Run>* WatchRun(grpc::CallbackServerContext* context,
                                              const v1::WatchRunRequest* request) override;
  grpc::Status CancelRun(grpc::ServerContext* context, const v1::CancelRunRequest* request,
                         v1::Run* response) override;
  grpc::Status RetryRun(grpc::ServerContext* context, const v1::RetryRunRequest* request,
                        v1::Run* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::ServerWriteReactor<v1::LogChunk>* TailLog(grpc::CallbackServerContext* context,
                                                  const v1::TailLogRequest* request) override;
  grpc::Status GetImage(grpc::ServerContext* context, const v1::GetImageRequest* request,
                        v1::Image* response) override;
  grpc::Status ListImages(grpc::ServerContext* context, const v1::ListImagesRequest* request,
                          v1::ListImagesResponse* response) override;
  grpc::Status CreateRunner(grpc::ServerContext* context, const v1::CreateRunnerRequest* request,
                            v1::Runner* response) override;
  grpc::Status GetRunner(grpc::ServerContext* context, const v1::GetRunnerRequest* request,
                         v1::Runner* response) override;
  grpc::Status ListRunners(grpc::ServerContext* context, const v1::ListRunnersRequest* request,
                           v1::ListRunnersResponse* response) override;
  grpc::Status UpdateRunner(grpc::ServerContext* context, const v1::UpdateRunnerRequest* request,
                            v1::Runner* response) override;
  grpc::Status DeleteRunner(grpc::ServerContext* context, const v1::DeleteRunnerRequest* request,
                            v1::DeleteRunnerResponse* response) override;
  grpc::Status CreateRuns(grpc::ServerContext* context, const v1::CreateRunsRequest* request,
                          v1::CreateRunsResponse* response) override;
  grpc::ServerWriteReactor<events::v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context, const events::v1::WatchEventsRequest* request) override;

  // For Runtime::Serve.
  static const google::protobuf::ServiceDescriptor* Contract();

 private:
  Parts parts_;
};

}  // namespace slipway::build
