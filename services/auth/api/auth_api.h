#pragma once

#include "libs/rpc/call_gate.h"
#include "libs/service/audit_outbox.h"
#include "services/auth/domain/identity.h"
#include "services/auth/domain/people.h"
#include "slipway/auth/v1/auth.grpc.pb.h"

namespace slipway::auth {

// gRPC adapter of auth: each handler is one expression around a domain call. Owned by App;
// thread-safe.
class AuthApi final : public slipway::auth::v1::AuthService::Service {
 public:
  struct Parts {
    rpc::CallGate& gate;
    Identity& identity;
    People& people;
    service::AuditOutbox& audit;
    const rpc::AssertionSigner& signer;
  };
  explicit AuthApi(Parts parts) : parts_(parts) {}

#define SLIPWAY_AUTH_RPC(Method, Request, Response)                                            \
  grpc::Status Method(grpc::ServerContext* context, const slipway::auth::v1::Request* request, \
                      slipway::auth::v1::Response* response) override
  SLIPWAY_AUTH_RPC(SignIn, SignInRequest, SignInResponse);
  SLIPWAY_AUTH_RPC(SignOut, SignOutRequest, SignOutResponse);
  SLIPWAY_AUTH_RPC(WhoAmI, WhoAmIRequest, WhoAmIResponse);
  SLIPWAY_AUTH_RPC(Exchange, ExchangeRequest, ExchangeResponse);
  SLIPWAY_AUTH_RPC(GetVerificationKeys, GetVerificationKeysRequest, GetVerificationKeysResponse);
  SLIPWAY_AUTH_RPC(CreateUser, CreateUserRequest, User);
  SLIPWAY_AUTH_RPC(GetUser, GetUserRequest, User);
  SLIPWAY_AUTH_RPC(ListUsers, ListUsersRequest, ListUsersResponse);
  SLIPWAY_AUTH_RPC(UpdateUser, UpdateUserRequest, User);
  SLIPWAY_AUTH_RPC(DeleteUser, DeleteUserRequest, DeleteUserResponse);
  SLIPWAY_AUTH_RPC(CreateToken, CreateTokenRequest, Token);
  SLIPWAY_AUTH_RPC(GetToken, GetTokenRequest, Token);
  SLIPWAY_AUTH_RPC(ListTokens, ListTokensRequest, ListTokensResponse);
  SLIPWAY_AUTH_RPC(DeleteToken, DeleteTokenRequest, DeleteTokenResponse);
  SLIPWAY_AUTH_RPC(CreateRoleBinding, CreateRoleBindingRequest, RoleBinding);
  SLIPWAY_AUTH_RPC(GetRoleBinding, GetRoleBindingRequest, RoleBinding);
  SLIPWAY_AUTH_RPC(ListRoleBindings, ListRoleBindingsRequest, ListRoleBindingsResponse);
  SLIPWAY_AUTH_RPC(UpdateRoleBinding, UpdateRoleBindingRequest, RoleBinding);
  SLIPWAY_AUTH_RPC(DeleteRoleBinding, DeleteRoleBindingRequest, DeleteRoleBindingResponse);
  SLIPWAY_AUTH_RPC(AppendAudit, AppendAuditRequest, AppendAuditResponse);
  SLIPWAY_AUTH_RPC(ListAudit, ListAuditRequest, ListAuditResponse);
  SLIPWAY_AUTH_RPC(DeleteScope, DeleteScopeRequest, DeleteScopeResponse);
  SLIPWAY_AUTH_RPC(CreateRunnerToken, CreateRunnerTokenRequest, CreateRunnerTokenResponse);
  SLIPWAY_AUTH_RPC(DeleteRunnerTokens, DeleteRunnerTokensRequest, DeleteRunnerTokensResponse);
#undef SLIPWAY_AUTH_RPC

 private:
  Parts parts_;
};

}  // namespace slipway::auth
