#include "services/build/peers/auth_client.h"

#include "libs/base/status.h"

namespace slipway::build {
namespace {

namespace pb = slipway::auth::v1;
using Stub = pb::AuthService::Stub;

rpc::CallOptions Options(const CallScope& scope) {
  rpc::CallOptions options;
  options.deadline = scope.deadline;
  options.traceparent = scope.traceparent;
  return options;
}

}  // namespace

absl::StatusOr<std::string> AuthClient::CreateRunnerToken(const std::string& runner,
                                                          const CallScope& scope) {
  pb::CreateRunnerTokenRequest request;
  request.set_runner(runner);
  SLIPWAY_ASSIGN_OR_RETURN(const auto response,
                           peer_.Call<pb::CreateRunnerTokenResponse>(
                               *stub_, &Stub::CreateRunnerToken, request, Options(scope)));
  return response.secret();
}

absl::Status AuthClient::DeleteRunnerTokens(const std::string& runner, const CallScope& scope) {
  pb::DeleteRunnerTokensRequest request;
  request.set_runner(runner);
  return peer_
      .Call<pb::DeleteRunnerTokensResponse>(*stub_, &Stub::DeleteRunnerTokens, request,
                                            Options(scope))
      .status();
}

}  // namespace slipway::build
