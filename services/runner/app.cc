#include "services/runner/app.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

// A runner that was told to stop needs a second.
constexpr absl::Duration kPredecessorEnds = absl::Seconds(5);

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// In the settings 0 means no limit.
DiskLimits LimitsOf(const Config& config) {
  const auto age = [](absl::Duration value) {
    return value > absl::ZeroDuration() ? value : absl::InfiniteDuration();
  };
  const auto most = [](auto value) { return value > 0 ? static_cast<int64_t>(value) : kNoLimit; };
  DiskLimits limits;
  limits.images = {age(config.image_age), most(config.image_limit), most(config.image_count)};
  limits.mirror_max_age = age(config.mirror_age);
  limits.mirror_max_bytes = most(config.mirror_limit);
  return limits;
}

}  // namespace

absl::StatusOr<std::unique_ptr<App>> App::Create(const Config& config) {
  log::Init({"runner", log::ParseLevel(config.log_level).value_or(log::Level::kInfo)});
  // Files of a checkout are copied into images: their modes must not depend on how the runner was
  // started. What is private lies in folders of mode 0700.
  ::umask(022);
  std::unique_ptr<App> app(new App);
  const absl::StatusOr<std::string> token = ReadFile(config.token_file, 4096);
  if (!token.ok()) return TokenUnreadable(config.token_file, MessageOf(token.status()));
  if (Trim(*token).empty()) return TokenUnreadable(config.token_file, "it is empty");
  SLIPWAY_ASSIGN_OR_RETURN(app->data_, DataFolder::Open(config.data_dir, kPredecessorEnds));
  SLIPWAY_ASSIGN_OR_RETURN(app->sandbox_,
                           Sandbox::Detect({.bubblewrap = "bwrap",
                                            .allow_unsandboxed = config.allow_unsandboxed,
                                            .hidden = config.hide}));
  if (!app->sandbox_->sandboxed())
    log::Warn("sandbox.none", "jobs run without isolation, as --allow-unsandboxed asks");
  SLIPWAY_ASSIGN_OR_RETURN(app->guard_, http::OutgoingGuard::Create(config.allowed_hosts));
  SLIPWAY_ASSIGN_OR_RETURN(
      app->git_, git::GitCli::Create({.stop = app->git_stop_.get_token(), .guard = &*app->guard_}));
  app->mirrors_ = std::make_unique<git::MirrorStore>(*app->git_, config.data_dir + "/mirrors");
  app->checkout_ = std::make_unique<Checkout>(*app->git_, *app->mirrors_);
  app->images_ =
      std::make_unique<ImageBuilder>(config.data_dir + "/images", *app->sandbox_, &*app->guard_);
  app->tools_ = std::make_unique<JobTools>(
      JobTools{*app->sandbox_, *app->checkout_, *app->images_,
               JobLimits{config.job_memory, static_cast<uint64_t>(std::max(config.job_pids, 0)),
                         config.job_cpus},
               static_cast<int64_t>(config.max_log)});
  app->link_ = std::make_unique<GrpcBuildLink>(config.build_address, config.auth_address,
                                               std::string(Trim(*token)));
  app->slots_ = std::make_unique<JobSlots>(*app->tools_, *app->link_, app->metrics_,
                                           config.data_dir + "/jobs");
  app->agent_ = std::make_unique<Agent>(*app->link_, *app->slots_, std::clamp(config.slots, 1, 64));
  if (!config.admin_listen.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(
        app->admin_,
        service::AdminServer::Start(config.admin_listen, app->metrics_,
                                    [agent = app->agent_.get()] { return agent->Ready(); }));
  }
  app->disk_keeper_ =
      std::make_unique<DiskKeeper>(LimitsOf(config), *app->images_, *app->mirrors_, app->metrics_);
  return app;
}

void App::BlockSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void App::Run() {
  const sigset_t signals = EndSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  log::Info("service.stopping", "stopping", {{"signal", signal}});
  git_stop_.request_stop();
}

}  // namespace slipway::runner
