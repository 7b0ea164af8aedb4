#include "services/trigger/app.h"

#include "embed/trigger_migrations.h"
#include "libs/base/status.h"
#include "libs/journal/journal.h"

namespace slipway::trigger {

Config Config::Parse(int argc, char** argv) {
  Config config;
  config::ConfigParser parser(
      "trigger", "Hooks and deliveries: what comes in from forges and what it starts.");
  config.common.Bind(parser);
  parser.String(
      &config.kek_file,
      {.flag = "kek-file", .help = "key that seals secrets: 64 hex digits", .required = true});
  parser.String(
      &config.pipeline_address,
      {.flag = "pipeline-address", .help = "address of the pipeline service", .required = true});
  parser.String(
      &config.build_address,
      {.flag = "build-address", .help = "address of the build service", .required = true});
  parser.String(
      &config.gitops_address,
      {.flag = "gitops-address",
       .help = "address of the gitops service, which is told of pushes; empty: it is not"});
  parser.String(&config.public_url,
                {.flag = "public-url",
                 .help = "URL of the gateway as forges see it, for the URLs of hooks",
                 .required = true});
  parser.String(
      &config.instance,
      {.flag = "instance", .help = "stable name of this instance, unique among its replicas"});
  parser.ParseOrExit(argc, argv);
  return config;
}

absl::StatusOr<std::unique_ptr<App>> App::Create(Config config) {
  std::unique_ptr<App> app(new App());
  app->config_ = std::move(config);
  SLIPWAY_RETURN_IF_ERROR(app->Init());
  return app;
}

absl::Status App::Init() {
  SLIPWAY_ASSIGN_OR_RETURN(keys_, seal::KeyRing::Load({config_.kek_file}));
  SLIPWAY_ASSIGN_OR_RETURN(
      runtime_, service::Runtime::Create(
                    {.name = "trigger",
                     .config = config_.common,
                     .migrations = {{"trigger", migrations::kFiles}, journal::Migrations()}}));
  db::Pool& pool = runtime_->pool();
  Clock& clock = runtime_->clock();
  std::optional<rpc::Peer> gitops;
  if (!config_.gitops_address.empty()) gitops = runtime_->MakePeer(config_.gitops_address);
  peers_ =
      std::make_unique<GrpcPeers>(runtime_->MakePeer(config_.pipeline_address),
                                  runtime_->MakePeer(config_.build_address), std::move(gitops));
  refusals_ = std::make_unique<Refusals>(pool, clock, runtime_->metrics());
  processor_ = std::make_unique<Processor>(Processor::Parts{.pool = pool,
                                                            .clock = clock,
                                                            .peers = *peers_,
                                                            .metrics = runtime_->metrics(),
                                                            .holder = config_.instance});
  const auto wake = [this] { processor_->Wake(); };
  inbox_ = std::make_unique<Inbox>(Inbox::Parts{pool, clock, *keys_, *refusals_, wake});
  std::string public_url = config_.public_url;
  while (public_url.ends_with('/')) public_url.pop_back();
  hooks_ = std::make_unique<Hooks>(
      Hooks::Parts{pool, clock, *keys_, runtime_->audit(), *refusals_, public_url, wake});
  api_ = std::make_unique<TriggerApi>(runtime_->gate(), *hooks_, *inbox_);
  records_ = std::make_unique<service::RecordsApi>(runtime_->gate(), pool, "trigger");
  SLIPWAY_RETURN_IF_ERROR(processor_->Start());
  return runtime_->Serve({api_.get(), records_.get()},
                         {slipway::trigger::v1::Hook::GetDescriptor()->file()->service(0),
                          service::RecordsApi::Contract()});
}

App::~App() {
  if (runtime_) runtime_->Shutdown();
  if (processor_) processor_->Stop();
}

void App::Run() {
  runtime_->WaitForSignal();
  runtime_->Shutdown();
  processor_->Stop();
}

}  // namespace slipway::trigger
