// slipway-push-sender: the webhooks of the private git host, in GitHub's format. Ends by signal at
// any time.

#include <memory>
#include <string>

#include "deploy/local/githost/push_sender.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/config/config.h"
#include "libs/log/log.h"
#include "libs/service/admin_server.h"
#include "libs/telemetry/metrics.h"

int main(int argc, char** argv) {
  slipway::githost::SenderConfig config;
  std::string secret_file;
  std::string admin_listen;
  slipway::config::ConfigParser parser("push-sender",
                                       "Sends the webhooks of the private git host.");
  parser.String(&config.spool_dir,
                {.flag = "spool-dir", .help = "folder of the recorded pushes", .required = true});
  parser.String(&config.state_dir,
                {.flag = "state-dir", .help = "folder for what was accepted", .required = true});
  parser.String(&config.repositories_dir,
                {.flag = "repositories-dir", .help = "bare repositories", .required = true});
  parser.String(
      &config.stamp_file,
      {.flag = "stamp-file", .help = "touched when the git host starts", .required = true});
  parser.String(&config.git_url,
                {.flag = "git-url", .help = "URL of the git host", .required = true});
  parser.String(&config.hook_url,
                {.flag = "hook-url", .help = "URL that takes the deliveries", .required = true});
  parser.String(&secret_file,
                {.flag = "secret-file", .help = "file with the hook's secret", .required = true});
  parser.String(&admin_listen,
                {.flag = "admin-listen", .help = "/metrics, /healthz, /readyz, /version"});
  parser.ParseOrExit(argc, argv);
  slipway::log::Init({.service = "push-sender"});

  const auto secret = slipway::ReadFile(secret_file);
  if (!secret.ok()) {
    slipway::log::Error("start.failed", "the hook's secret can't be read",
                        {{"error", slipway::MessageOf(secret.status())}});
    return 2;
  }
  config.secret = std::string(slipway::Trim(*secret));
  slipway::SystemClock clock;
  slipway::telemetry::Metrics metrics("push-sender");
  slipway::githost::PushSender sender(config, clock, metrics);
  std::unique_ptr<slipway::service::AdminServer> admin;
  if (!admin_listen.empty()) {
    auto started = slipway::service::AdminServer::Start(admin_listen, metrics,
                                                        [&sender] { return sender.Ready(); });
    if (!started.ok()) {
      slipway::log::Error("start.failed", "the admin listener can't be opened",
                          {{"error", slipway::MessageOf(started.status())}});
      return 2;
    }
    admin = std::move(*started);
  }
  const absl::Status status = sender.Run({});
  slipway::log::Error("stopped", "the sender can't work", {{"error", slipway::MessageOf(status)}});
  return 1;
}
