#pragma once

#include <memory>

#include "libs/rpc/channel.h"
#include "services/build/engine/peers.h"
#include "slipway/auth/v1/auth.grpc.pb.h"

namespace slipway::build {

// The auth service over gRPC. Owned by App; thread-safe.
class AuthClient final : public AuthPeer {
 public:
  explicit AuthClient(rpc::Peer& peer)
      : peer_(peer), stub_(auth::v1::AuthService::NewStub(peer.channel())) {}

  absl::StatusOr<std::string> CreateRunnerToken(const std::string& runner,
                                                const CallScope& scope) override;
  absl::Status DeleteRunnerTokens(const std::string& runner, const CallScope& scope) override;

 private:
  rpc::Peer& peer_;
  std::unique_ptr<auth::v1::AuthService::Stub> stub_;
};

}  // namespace slipway::build
