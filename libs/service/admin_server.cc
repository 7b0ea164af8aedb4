#include "libs/service/admin_server.h"

#include "libs/base/error.h"
#include "libs/base/status.h"

namespace slipway::service {

const char* Version() { return "0.1.0"; }

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(
    const std::string& listen, telemetry::Metrics& metrics, std::function<absl::Status()> ready) {
  http::Server::Options options;
  options.listen = listen;
  options.body_limit = [](std::string_view, std::string_view) -> uint64_t { return 0; };
  options.max_connections = 16;
  const auto text = [](int status, std::string body) {
    return http::ServerResponse{
        status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(body)};
  };
  std::unique_ptr<AdminServer> admin(new AdminServer());
  SLIPWAY_ASSIGN_OR_RETURN(
      admin->server_,
      http::Server::Start(
          options, [&metrics, ready, text](const http::ServerRequest& request,
                                           const std::shared_ptr<http::Responder>& responder) {
            if (request.target == "/metrics")
              return responder->Send(text(200, metrics.Serialize()));
            if (request.target == "/healthz") return responder->Send(text(200, "ok\n"));
            if (request.target == "/version")
              return responder->Send(text(200, std::string(Version()) + "\n"));
            if (request.target == "/readyz") {
              const absl::Status status = ready();
              return responder->Send(status.ok() ? text(200, "ok\n")
                                                 : text(503, MessageOf(status) + "\n"));
            }
            responder->Send(
                text(404, "unknown path: /metrics, /healthz, /readyz and /version are here\n"));
          }));
  return admin;
}

}  // namespace slipway::service
