#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/seal/key_ring.h"
#include "libs/service/records_api.h"
#include "libs/service/runtime.h"
#include "services/trigger/api/trigger_api.h"
#include "services/trigger/client/grpc_peers.h"
#include "services/trigger/domain/processor.h"

namespace slipway::trigger {

// Settings of slipway-trigger.
struct Config {
  service::CommonConfig common;
  std::string kek_file;
  std::string pipeline_address;
  std::string build_address;
  std::string gitops_address;  // empty: nobody is told of pushes
  std::string public_url;
  std::string instance = "trigger-0";

  // From flags, environment and file; prints and exits on a mistake.
  static Config Parse(int argc, char** argv);
};

// Composition root: owns everything. What serves calls is stopped before what it calls.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Create(Config config);
  ~App();
  // Serves until SIGTERM.
  void Run();

 private:
  App() = default;
  absl::Status Init();

  Config config_;
  std::unique_ptr<service::Runtime> runtime_;
  std::unique_ptr<seal::KeyRing> keys_;
  std::unique_ptr<GrpcPeers> peers_;
  std::unique_ptr<Refusals> refusals_;
  std::unique_ptr<Processor> processor_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Hooks> hooks_;
  std::unique_ptr<TriggerApi> api_;
  std::unique_ptr<service::RecordsApi> records_;
};

}  // namespace slipway::trigger
