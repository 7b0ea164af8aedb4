#include "services/gateway/app.h"

#include <malloc.h>

#include <csignal>

#include "absl/synchronization/mutex.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "services/gateway/transcode/embedded_contract.h"

#ifndef SLIPWAY_VERSION
#error "the build gives the version"
#endif

namespace slipway::gateway {
namespace {

constexpr int kWebhookLanes = 2;
constexpr int kArenas = 2;  // of malloc: each costs memory, and the work is done on few threads

// RPCs that a GET calls once: they change nothing and may be tried again.
std::vector<std::string> IdempotentRpcs(const Transcoder& transcoder) {
  std::vector<std::string> names;
  for (const Route& route : transcoder.routes()) {
    if (route.http_method != "GET" || route.rpc->server_streaming()) continue;
    const std::string name = route.rpc->service()->full_name() + "/" + route.rpc->name();
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void WaitForSignal() {
  const sigset_t signals = StopSignals();
  int got = 0;
  sigwait(&signals, &got);
}

absl::StatusOr<std::unique_ptr<App>> App::Create(const Config& config) {
  const auto level = log::ParseLevel(config.log_level);
  if (!level) return absl::InvalidArgumentError("log-level: debug, info, warn or error");
  log::Init({.service = "gateway", .level = *level});
  mallopt(M_ARENA_MAX, kArenas);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // gRPC locks a lot
  SLIPWAY_ASSIGN_OR_RETURN(const std::string token, ReadFile(config.service_token_file, 4096));

  std::unique_ptr<App> app(new App());
  SLIPWAY_ASSIGN_OR_RETURN(app->contract_, Contract::Load(EmbeddedDescriptorSet(), false));
  SLIPWAY_ASSIGN_OR_RETURN(app->transcoder_, Transcoder::Create(*app->contract_));
  app->backends_ =
      std::make_unique<Backends>(config.Addresses(), IdempotentRpcs(*app->transcoder_));
  app->explain_ = std::make_unique<Explain>(*app->backends_);
  app->identity_ = std::make_unique<rpc::AssertionSource>(app->backends_->channels().at("auth"),
                                                          std::string(Trim(token)));
  app->webhooks_ = std::make_unique<WebhookIntake>(
      rpc::Peer(app->backends_->channels().at("trigger"), app->identity_.get()), kWebhookLanes,
      config.webhook_timeout);
  app->front_door_ = std::make_unique<FrontDoor>(
      FrontDoor::Parts{*app->contract_, *app->transcoder_, *app->backends_, *app->explain_,
                       *app->webhooks_, app->metrics_, SLIPWAY_VERSION});
  SLIPWAY_RETURN_IF_ERROR(app->Listen(config));
  malloc_trim(0);  // reading the descriptors left holes
  log::Info("service.ready", "ready", {{"listen", app->server_->address()}});
  return app;
}

absl::Status App::Listen(const Config& config) {
  FrontDoor* door = front_door_.get();
  http::Server::Options options;
  options.listen = config.http_listen;
  options.max_connections = config.max_connections;
  options.body_limit = &FrontDoor::BodyLimit;
  options.refuse = [door](const http::ServerRequest& request, int status,
                          std::string_view problem) {
    return door->Refuse(request, status, problem);
  };
  if (!config.admin_listen.empty()) {
    http::Server::Options admin;
    admin.listen = config.admin_listen;
    admin.max_connections = 16;
    admin.body_limit = [](std::string_view, std::string_view) -> uint64_t { return 0; };
    SLIPWAY_ASSIGN_OR_RETURN(
        admin_, http::Server::Start(std::move(admin), [door](http::ServerRequest request,
                                                             std::shared_ptr<http::Responder> r) {
          door->HandleAdmin(request, std::move(r));
        }));
  }
  SLIPWAY_ASSIGN_OR_RETURN(
      server_, http::Server::Start(std::move(options), [door](http::ServerRequest request,
                                                              std::shared_ptr<http::Responder> r) {
        door->Handle(std::move(request), std::move(r));
      }));
  return absl::OkStatus();
}

App::~App() { Stop(absl::ZeroDuration()); }

void App::Stop(absl::Duration grace) {
  if (server_) server_->Stop(grace);
  webhooks_.reset();
  if (backends_) backends_->Drain();
  if (admin_) admin_->Stop(absl::ZeroDuration());
}

}  // namespace slipway::gateway
