#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/http/server.h"
#include "libs/telemetry/metrics.h"

namespace slipway::service {

// The operator's listener of one process: /metrics (Prometheus' text format), /healthz (the process
// runs), /readyz (what it needs answers), /version. Never reachable for users. Owned by Runtime
// or by main().
class AdminServer {
 public:
  // `ready` is called for each /readyz; its error is the answer's text.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& listen,
                                                            telemetry::Metrics& metrics,
                                                            std::function<absl::Status()> ready);

 private:
  AdminServer() = default;
  std::unique_ptr<http::Server> server_;
};

// Version of this build: "0.1.0".
const char* Version();

}  // namespace slipway::service
