#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "libs/git/cli.h"
#include "libs/git/mirror_store.h"
#include "libs/http/outgoing_guard.h"
#include "libs/service/admin_server.h"
#include "libs/telemetry/metrics.h"
#include "services/runner/checkout/checkout.h"
#include "services/runner/config.h"
#include "services/runner/data_folder.h"
#include "services/runner/disk_keeper.h"
#include "services/runner/image/image_builder.h"
#include "services/runner/job/job_executor.h"
#include "services/runner/link/agent.h"
#include "services/runner/link/grpc_build_link.h"
#include "services/runner/link/job_slots.h"
#include "services/runner/sandbox/sandbox.h"

namespace slipway::runner {

// The composition root: owns everything, in the order of construction.
class App {
 public:
  // Signals must be blocked (BlockSignals) before: this starts threads. Errors say what to do.
  static absl::StatusOr<std::unique_ptr<App>> Create(const Config& config);

  static void BlockSignals();
  // Returns at SIGTERM or SIGINT. The destructor then ends all jobs within a second.
  void Run();

 private:
  App() = default;

  std::optional<DataFolder> data_;
  telemetry::Metrics metrics_{"runner"};
  std::unique_ptr<Sandbox> sandbox_;
  std::optional<http::OutgoingGuard> guard_;
  std::unique_ptr<git::GitCli> git_;
  std::stop_source git_stop_;
  std::unique_ptr<git::MirrorStore> mirrors_;
  std::unique_ptr<Checkout> checkout_;
  std::unique_ptr<ImageBuilder> images_;
  std::unique_ptr<JobTools> tools_;
  std::unique_ptr<GrpcBuildLink> link_;
  std::unique_ptr<JobSlots> slots_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<service::AdminServer> admin_;
  std::unique_ptr<DiskKeeper> disk_keeper_;
};

}  // namespace slipway::runner
