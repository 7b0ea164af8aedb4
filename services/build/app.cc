#include "services/build/app.h"

#include "libs/base/status.h"
#include "libs/blob/directory_blob_store.h"
#include "libs/config/config.h"
#include "services/build/engine/app_deletion.h"

namespace slipway::build {
namespace {

// Name under which pipeline keeps events for this service.
constexpr char kDefinitionsConsumer[] = "build.definitions";

}  // namespace

Config Config::Parse(int argc, char** argv) {
  Config config;
  config::ConfigParser parser("build", "Runs, jobs, runners, logs, images.");
  config.common.Bind(parser);
  parser.String(
      &config.pipeline_address,
      {.flag = "pipeline-address", .help = "address of the pipeline service", .required = true});
  parser.Size(&config.log_limit, {.flag = "log-limit", .help = "bytes of one job's log at most"});
  parser.Duration(
      &config.log_keep,
      {.flag = "log-keep", .help = "how long logs are kept after their job; 0: for ever"});
  parser.Size(&config.log_archive_limit,
              {.flag = "log-archive-limit",
               .help = "bytes of all archived logs, the oldest go; 0: no limit"});
  parser.Int(&config.max_attempts,
             {.flag = "max-attempts",
              .help = "how often a job is started whose runner is lost, 1 to 100"});
  parser.ParseOrExit(argc, argv);
  return config;
}

absl::StatusOr<std::unique_ptr<App>> App::Create(Config config) {
  std::unique_ptr<App> app(new App(std::move(config)));
  SLIPWAY_RETURN_IF_ERROR(app->Init());
  return app;
}

absl::Status App::Init() {
  service::Runtime::Options options;
  options.name = "build";
  options.config = config_.common;
  options.migrations = Service::Migrations();
  SLIPWAY_ASSIGN_OR_RETURN(runtime_, service::Runtime::Create(std::move(options)));

  pipeline_peer_.emplace(runtime_->MakePeer(config_.pipeline_address));
  auth_peer_.emplace(runtime_->MakePeer(config_.common.auth_address));
  pipeline_ = std::make_unique<PipelineClient>(*pipeline_peer_);
  auth_ = std::make_unique<AuthClient>(*auth_peer_);

  SLIPWAY_ASSIGN_OR_RETURN(blobs_,
                           blob::DirectoryBlobStore::Open(config_.common.data_dir + "/archive"));

  EngineLimits limits;
  limits.max_attempts = config_.max_attempts;
  limits.log_keep = config_.log_keep;
  limits.log_archive_limit = static_cast<int64_t>(config_.log_archive_limit);
  service_ = std::make_unique<Service>(
      Service::Surroundings{.pool = runtime_->pool(),
                            .clock = runtime_->clock(),
                            .gate = runtime_->gate(),
                            .streams = runtime_->streams(),
                            .metrics = runtime_->metrics(),
                            .pipeline = *pipeline_,
                            .auth = *auth_,
                            .blobs = *blobs_,
                            .data_dir = config_.common.data_dir,
                            .log_limit = static_cast<int64_t>(config_.log_limit),
                            .limits = limits});
  records_ =
      std::make_unique<service::RecordsApi>(runtime_->gate(), runtime_->pool(), runtime_->name());

  pipeline_events_ = std::make_unique<service::GrpcEventSource>(
      *pipeline_peer_,
      [this](grpc::ClientContext* context, const auto& request) {
        return pipeline_->stub().WatchEvents(context, request);
      },
      kDefinitionsConsumer);
  consumer_ = std::make_unique<events::ConsumerLoop>(
      runtime_->pool(), *pipeline_events_,
      [this](db::Tx& tx, const events::Event& event) {
        return ApplyPipelineEvent(service_->core(), tx, event);
      },
      events::ConsumerOptions{.consumer = kDefinitionsConsumer,
                              .source = "pipeline",
                              .holder = "build",
                              .metrics = &runtime_->metrics()});
  return absl::OkStatus();
}

absl::Status App::Run() {
  SLIPWAY_RETURN_IF_ERROR(runtime_->Serve(
      {&service_->build_api(), &service_->runner_api(), records_.get()},
      {BuildApi::Contract(), RunnerApi::Contract(), service::RecordsApi::Contract()}));
  service_->Start();
  consumer_->Start();
  runtime_->WaitForSignal();
  runtime_->Shutdown();
  consumer_->Stop();
  service_->Stop();
  return absl::OkStatus();
}

}  // namespace slipway::build
