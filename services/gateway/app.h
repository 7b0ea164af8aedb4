#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/server.h"
#include "libs/rpc/channel.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/backend/backends.h"
#include "services/gateway/backend/explain.h"
#include "services/gateway/backend/webhook_intake.h"
#include "services/gateway/config.h"
#include "services/gateway/front/front_door.h"
#include "services/gateway/transcode/contract.h"
#include "services/gateway/transcode/transcoder.h"

namespace slipway::gateway {

// The gateway: makes and owns all its parts, in order. Created and stopped by one thread.
class App {
 public:
  // Listens when it returns. The error says what is wrong with the settings or the contract.
  static absl::StatusOr<std::unique_ptr<App>> Create(const Config& config);
  ~App();

  // Accepts nothing more, cuts streams, lets requests end for at most `grace`. Idempotent.
  void Stop(absl::Duration grace);

  // The TCP port of the public listener; 0 for a Unix socket.
  int port() const { return server_->port(); }

 private:
  App() : metrics_("gateway") {}
  absl::Status Listen(const Config& config);

  telemetry::Metrics metrics_;
  std::unique_ptr<Contract> contract_;
  std::unique_ptr<Transcoder> transcoder_;
  std::unique_ptr<Backends> backends_;
  std::unique_ptr<Explain> explain_;
  std::unique_ptr<rpc::AssertionSource> identity_;
  std::unique_ptr<WebhookIntake> webhooks_;
  std::unique_ptr<FrontDoor> front_door_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> admin_;
};

// Keeps SIGTERM and SIGINT for WaitForSignal. Called before any thread starts.
void BlockSignals();
// Blocks until one of them comes.
void WaitForSignal();

}  // namespace slipway::gateway
