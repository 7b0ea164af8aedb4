#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/events/consumer_loop.h"
#include "libs/service/event_stream.h"
#include "libs/service/records_api.h"
#include "libs/service/runtime.h"
#include "services/build/peers/auth_client.h"
#include "services/build/peers/pipeline_client.h"
#include "services/build/service.h"

namespace slipway::build {

// Settings of slipway-build.
struct Config {
  service::CommonConfig common;
  std::string pipeline_address;
  uint64_t log_limit = 64 << 20;
  int max_attempts = 3;
  absl::Duration log_keep = EngineLimits().log_keep;
  uint64_t log_archive_limit = static_cast<uint64_t>(EngineLimits().log_archive_limit);

  // From flags, environment and file; prints and exits on a mistake.
  static Config Parse(int argc, char** argv);
};

// Composition root: owns everything, in order of construction.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Create(Config config);
  // Serves until SIGTERM; an error where it can't.
  absl::Status Run();

 private:
  explicit App(Config config) : config_(std::move(config)) {}
  absl::Status Init();

  Config config_;
  std::unique_ptr<service::Runtime> runtime_;
  std::optional<rpc::Peer> pipeline_peer_;
  std::optional<rpc::Peer> auth_peer_;
  std::unique_ptr<PipelineClient> pipeline_;
  std::unique_ptr<AuthClient> auth_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<service::RecordsApi> records_;
  std::unique_ptr<service::GrpcEventSource> pipeline_events_;
  std::unique_ptr<events::ConsumerLoop> consumer_;
};

}  // namespace slipway::build
