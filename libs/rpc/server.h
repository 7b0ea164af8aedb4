#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/server.h"
#include "grpcpp/support/config.h"

namespace grpc {
class Service;
}

namespace slipway::rpc {

// A running gRPC server with health, reflection and the house's limits. Owned by App. The services
// outlive it.
class Server {
 public:
  // `address` is "unix:/path" (mode 0600; a stale socket is replaced) or "host:port" (port 0: any
  // free one; a port in use is an error, never shared).
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& address,
                                                       const std::vector<grpc::Service*>& services);
  ~Server();

  // Port of a TCP address.
  int port() const { return port_; }
  // The standard health service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
  void SetServing(bool serving);
  // Takes no more calls, and cancels after `grace` what still runs.
  void Shutdown(absl::Duration grace);

 private:
  Server() = default;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace slipway::rpc
