#include "services/pipeline/app.h"

#include "embed/pipeline_sql.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/events/outbox.h"
#include "libs/journal/journal.h"
#include "slipway/auth/v1/auth.grpc.pb.h"

namespace slipway::pipeline {
namespace {

namespace authpb = slipway::auth::v1;

Deletions::DeleteScope DeleteScopeAt(rpc::Peer& auth) {
  return
      [&auth](const std::string& project, const std::string& app, const std::string& environment) {
        const auto stub = authpb::AuthService::NewStub(auth.channel());
        authpb::DeleteScopeRequest request;
        request.set_project(project);
        request.set_app(app);
        request.set_environment(environment);
        return auth.Call(*stub, &authpb::AuthService::Stub::DeleteScope, request).status();
      };
}

}  // namespace

Config Config::Parse(int argc, char** argv) {
  Config config;
  config::ConfigParser parser("pipeline", "Projects, apps, workflows and what they need; Plans.");
  config.common.Bind(parser);
  parser.String(&config.kek_file, {.flag = "kek-file",
                                   .help = "key that seals secrets: 64 hex digits, mode 0600",
                                   .required = true});
  parser.StringList(
      &config.allowed_hosts,
      {.flag = "allowed-hosts",
       .help = "host:port pairs that may be called though their addresses are not public"});
  parser.ParseOrExit(argc, argv);
  return config;
}

absl::StatusOr<std::unique_ptr<App>> App::Create(Config config) {
  std::unique_ptr<App> app(new App(std::move(config)));
  SLIPWAY_RETURN_IF_ERROR(app->Init());
  return app;
}

absl::Status App::Init() {
  SLIPWAY_ASSIGN_OR_RETURN(
      runtime_, service::Runtime::Create(
                    {.name = "pipeline",
                     .config = config_.common,
                     .migrations = {
                         {"pipeline", sql::kFiles}, journal::Migrations(), events::Migrations()}}));
  SLIPWAY_ASSIGN_OR_RETURN(keys_, seal::KeyRing::Load({config_.kek_file}));
  SLIPWAY_ASSIGN_OR_RETURN(guard_, http::OutgoingGuard::Create(config_.allowed_hosts));
  SLIPWAY_ASSIGN_OR_RETURN(git_,
                           git::GitCli::Create({.stop = git_stop_.get_token(), .guard = &*guard_}));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(config_.common.data_dir));
  mirrors_ = std::make_unique<git::MirrorStore>(*git_, config_.common.data_dir);
  outbox_ = std::make_unique<events::Outbox>(runtime_->pool(), &runtime_->metrics());
  auth_.emplace(runtime_->MakePeer(config_.common.auth_address));
  engine_ = std::make_unique<Engine>(Engine::Parts{
      runtime_->pool(), *outbox_, *keys_, *git_, *mirrors_,
      [this](std::string_view url) { return guard_->CheckUrl(url); }, DeleteScopeAt(*auth_)});
  api_ = std::make_unique<PipelineApi>(PipelineApi::Parts{runtime_->gate(), runtime_->streams(),
                                                          *outbox_, runtime_->audit(), *engine_});
  records_ = std::make_unique<service::RecordsApi>(runtime_->gate(), runtime_->pool(), "pipeline");
  outbox_->Start();
  engine_->deletions.Start();
  engine_->mirror_keeper.Start();
  janitor_ = std::make_unique<service::Janitor>(
      runtime_->pool(), runtime_->clock(), *outbox_,
      [this](absl::Time now, int limit) { return engine_->planner.PruneOld(now, limit); });
  janitor_->Start();
  return runtime_->Serve({api_.get(), records_.get()},
                         {PipelineApi::Contract(), service::RecordsApi::Contract()});
}

App::~App() {
  if (runtime_ == nullptr) return;
  // Calls that wait for a git server would hold up the end.
  git_stop_.request_stop();
  runtime_->Shutdown();
  janitor_.reset();
  if (engine_ != nullptr) {
    engine_->deletions.Stop();
    engine_->mirror_keeper.Stop();
  }
  if (outbox_ != nullptr) outbox_->Stop();
}

void App::Run() { runtime_->WaitForSignal(); }

}  // namespace slipway::pipeline
