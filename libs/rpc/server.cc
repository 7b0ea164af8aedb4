#include "libs/rpc/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace slipway::rpc {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& address,
                                                      const std::vector<grpc::Service*>& services) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  std::string socket;
  if (address.rfind("unix:", 0) == 0) {
    socket = address.substr(5);
    if (socket.size() > 107)
      return absl::InvalidArgumentError("socket path longer than 107 bytes: " + socket);
    ::unlink(socket.c_str());
  }
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 64 * 1024);
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  grpc::ResourceQuota quota("slipway");
  quota.SetMaxThreads(256);
  builder.SetResourceQuota(quota);

  // A Unix socket belongs to its user alone from the moment it exists.
  const mode_t mask = ::umask(0077);
  std::unique_ptr<Server> server(new Server());
  server->server_ = builder.BuildAndStart();
  ::umask(mask);
  if (server->server_ == nullptr || (socket.empty() && port == 0)) {
    return absl::FailedPreconditionError("cannot listen on " + address +
                                         ": the address is in use or not allowed");
  }
  server->port_ = port;
  return server;
}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::SetServing(bool serving) {
  if (auto* health = server_->GetHealthCheckService(); health != nullptr)
    health->SetServingStatus(serving);
}

void Server::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  SetServing(false);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_.reset();
}

}  // namespace slipway::rpc
