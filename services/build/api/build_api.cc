#include "services/build/api/build_api.h"

#include "libs/service/event_stream.h"
#include "services/build/api/build_streams.h"
#include "services/build/api/calls.h"
#include "services/build/domain/messages.h"

namespace slipway::build {
namespace {

using rpc::CallContext;

// A run as it is read right after a command.
absl::StatusOr<v1::Run> Reread(Queries& queries, const absl::StatusOr<RunRecord>& run,
                               const CallContext& call) {
  if (!run.ok()) return run.status();
  return queries.GetRun(run->name.ToString(), DeadlineOf(call));
}

}  // namespace

grpc::Status BuildApi::RunWorkflow(grpc::ServerContext* context,
                                   const v1::RunWorkflowRequest* request, v1::Run* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return Reread(parts_.queries, parts_.runs.RunWorkflow(*request, CallerOf(call)), call);
  });
}

grpc::Status BuildApi::GetRun(grpc::ServerContext* context, const v1::GetRunRequest* request,
                              v1::Run* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.queries.GetRun(request->name(), DeadlineOf(call));
  });
}

grpc::Status BuildApi::ListRuns(grpc::ServerContext* context, const v1::ListRunsRequest* request,
                                v1::ListRunsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    const auto may_view = [&call](const AppName& app) {
      return call.Can(api::Permission::VIEW, {app.project, app.app, ""});
    };
    return parts_.queries.ListRuns(*request, may_view, DeadlineOf(call));
  });
}

grpc::ServerWriteReactor<v1::Run>* BuildApi::WatchRun(grpc::CallbackServerContext* context,
                                                      const v1::WatchRunRequest* request) {
  return parts_.streams.Serve<v1::Run>(
      context, request,
      std::function([this, name = request->name()](const CallContext&, rpc::StreamWaker waker) {
        return RunStream::Open(parts_.core, parts_.queries, name, waker);
      }));
}

grpc::Status BuildApi::CancelRun(grpc::ServerContext* context, const v1::CancelRunRequest* request,
                                 v1::Run* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return Reread(parts_.queries, parts_.runs.CancelRun(request->name(), CallerOf(call)), call);
  });
}

grpc::Status BuildApi::RetryRun(grpc::ServerContext* context, const v1::RetryRunRequest* request,
                                v1::Run* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return Reread(parts_.queries, parts_.runs.RetryRun(*request, CallerOf(call)), call);
  });
}

grpc::Status BuildApi::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                              v1::Job* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.queries.GetJob(request->name(), DeadlineOf(call));
  });
}

grpc::Status BuildApi::ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                                v1::ListJobsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.queries.ListJobs(*request, DeadlineOf(call));
  });
}

grpc::ServerWriteReactor<v1::LogChunk>* BuildApi::TailLog(grpc::CallbackServerContext* context,
                                                          const v1::TailLogRequest* request) {
  return parts_.streams.Serve<v1::LogChunk>(
      context, request,
      std::function([this, wanted = *request](const CallContext&, rpc::StreamWaker waker) {
        return LogStream::Open(parts_.core, parts_.logs, wanted, waker);
      }));
}

grpc::Status BuildApi::GetImage(grpc::ServerContext* context, const v1::GetImageRequest* request,
                                v1::Image* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.queries.GetImage(request->name(), DeadlineOf(call));
  });
}

grpc::Status BuildApi::ListImages(grpc::ServerContext* context,
                                  const v1::ListImagesRequest* request,
                                  v1::ListImagesResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.queries.ListImages(*request, DeadlineOf(call));
  });
}

grpc::Status BuildApi::CreateRunner(grpc::ServerContext* context,
                                    const v1::CreateRunnerRequest* request, v1::Runner* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runners.Create(*request, ScopeOf(call));
  });
}

grpc::Status BuildApi::GetRunner(grpc::ServerContext* context, const v1::GetRunnerRequest* request,
                                 v1::Runner* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runners.Get(request->name(), DeadlineOf(call));
  });
}

grpc::Status BuildApi::ListRunners(grpc::ServerContext* context,
                                   const v1::ListRunnersRequest* request,
                                   v1::ListRunnersResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runners.List(*request, DeadlineOf(call));
  });
}

grpc::Status BuildApi::UpdateRunner(grpc::ServerContext* context,
                                    const v1::UpdateRunnerRequest* request, v1::Runner* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runners.Update(request->runner(), DeadlineOf(call));
  });
}

grpc::Status BuildApi::DeleteRunner(grpc::ServerContext* context,
                                    const v1::DeleteRunnerRequest* request,
                                    v1::DeleteRunnerResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runners.Delete(request->name(), ScopeOf(call));
  });
}

grpc::Status BuildApi::CreateRuns(grpc::ServerContext* context,
                                  const v1::CreateRunsRequest* request,
                                  v1::CreateRunsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&](CallContext& call) {
    return parts_.runs.CreateRuns(*request, CallerOf(call));
  });
}

grpc::ServerWriteReactor<events::v1::WatchEventsResponse>* BuildApi::WatchEvents(
    grpc::CallbackServerContext* context, const events::v1::WatchEventsRequest* request) {
  return service::ServeEvents(parts_.streams, parts_.core.outbox, context, request);
}

const google::protobuf::ServiceDescriptor* BuildApi::Contract() {
  return v1::Run::GetDescriptor()->file()->service(0);
}

}  // namespace slipway::build
