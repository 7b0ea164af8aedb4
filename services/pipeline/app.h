#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/events/outbox.h"
#include "libs/git/cli.h"
#include "libs/git/mirror_store.h"
#include "libs/http/outgoing_guard.h"
#include "libs/seal/key_ring.h"
#include "libs/service/janitor.h"
#include "libs/service/records_api.h"
#include "libs/service/runtime.h"
#include "services/pipeline/api/pipeline_api.h"
#include "services/pipeline/engine/engine.h"

namespace slipway::pipeline {

// Settings of slipway-pipeline.
struct Config {
  service::CommonConfig common;
  std::string kek_file;
  std::vector<std::string> allowed_hosts;

  // From flags, environment and file; prints and exits on a mistake.
  static Config Parse(int argc, char** argv);
};

// Composition root: owns everything, in order of construction.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Create(Config config);
  ~App();
  // Serves until SIGTERM.
  void Run();

 private:
  explicit App(Config config) : config_(std::move(config)) {}
  absl::Status Init();

  const Config config_;
  std::stop_source git_stop_;
  std::unique_ptr<service::Runtime> runtime_;
  std::unique_ptr<seal::KeyRing> keys_;
  std::optional<http::OutgoingGuard> guard_;
  std::unique_ptr<git::GitCli> git_;
  std::unique_ptr<git::MirrorStore> mirrors_;
  std::unique_ptr<events::Outbox> outbox_;
  std::optional<rpc::Peer> auth_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PipelineApi> api_;
  std::unique_ptr<service::RecordsApi> records_;
  std::unique_ptr<service::Janitor> janitor_;
};

}  // namespace slipway::pipeline
