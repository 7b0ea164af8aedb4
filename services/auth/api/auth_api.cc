#include "services/auth/api/auth_api.h"

#include "libs/base/status.h"

namespace slipway::auth {

namespace authpb = slipway::auth::v1;
using grpc::ServerContext;
using rpc::CallContext;

grpc::Status AuthApi::SignIn(ServerContext* context, const authpb::SignInRequest* request,
                             authpb::SignInResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.SignIn(*request, call.deadline);
  });
}

grpc::Status AuthApi::SignOut(ServerContext* context, const authpb::SignOutRequest* request,
                              authpb::SignOutResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.SignOut(call.bearer, call.deadline);
  });
}

grpc::Status AuthApi::WhoAmI(ServerContext* context, const authpb::WhoAmIRequest* request,
                             authpb::WhoAmIResponse* response) {
  return parts_.gate.Unary(context, *request, response,
                           [](CallContext& call) -> absl::StatusOr<authpb::WhoAmIResponse> {
                             authpb::WhoAmIResponse answer;
                             *answer.mutable_principal() = call.principal;
                             return answer;
                           });
}

grpc::Status AuthApi::Exchange(ServerContext* context, const authpb::ExchangeRequest* request,
                               authpb::ExchangeResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.Exchange(request->token(), call.deadline);
  });
}

grpc::Status AuthApi::GetVerificationKeys(ServerContext* context,
                                          const authpb::GetVerificationKeysRequest* request,
                                          authpb::GetVerificationKeysResponse* response) {
  return parts_.gate.Unary(
      context, *request, response,
      [this](CallContext&) -> absl::StatusOr<authpb::GetVerificationKeysResponse> {
        authpb::GetVerificationKeysResponse answer;
        answer.add_keys(parts_.signer.public_key());
        return answer;
      });
}

grpc::Status AuthApi::CreateUser(ServerContext* context, const authpb::CreateUserRequest* request,
                                 authpb::User* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.CreateUser(call, *request);
  });
}

grpc::Status AuthApi::GetUser(ServerContext* context, const authpb::GetUserRequest* request,
                              authpb::User* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.GetUser(call, request->name());
  });
}

grpc::Status AuthApi::ListUsers(ServerContext* context, const authpb::ListUsersRequest* request,
                                authpb::ListUsersResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.ListUsers(call, *request);
  });
}

grpc::Status AuthApi::UpdateUser(ServerContext* context, const authpb::UpdateUserRequest* request,
                                 authpb::User* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.UpdateUser(call, *request);
  });
}

grpc::Status AuthApi::DeleteUser(ServerContext* context, const authpb::DeleteUserRequest* request,
                                 authpb::DeleteUserResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.DeleteUser(call, request->name());
  });
}

grpc::Status AuthApi::CreateToken(ServerContext* context, const authpb::CreateTokenRequest* request,
                                  authpb::Token* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.CreateToken(call, *request, parts_.audit);
  });
}

grpc::Status AuthApi::GetToken(ServerContext* context, const authpb::GetTokenRequest* request,
                               authpb::Token* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.GetToken(call, request->name());
  });
}

grpc::Status AuthApi::ListTokens(ServerContext* context, const authpb::ListTokensRequest* request,
                                 authpb::ListTokensResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.ListTokens(call, *request);
  });
}

grpc::Status AuthApi::DeleteToken(ServerContext* context, const authpb::DeleteTokenRequest* request,
                                  authpb::DeleteTokenResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.DeleteToken(call, request->name(), parts_.audit);
  });
}

grpc::Status AuthApi::CreateRoleBinding(ServerContext* context,
                                        const authpb::CreateRoleBindingRequest* request,
                                        authpb::RoleBinding* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.CreateRoleBinding(call, *request);
  });
}

grpc::Status AuthApi::GetRoleBinding(ServerContext* context,
                                     const authpb::GetRoleBindingRequest* request,
                                     authpb::RoleBinding* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.GetRoleBinding(call, request->name());
  });
}

grpc::Status AuthApi::ListRoleBindings(ServerContext* context,
                                       const authpb::ListRoleBindingsRequest* request,
                                       authpb::ListRoleBindingsResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.ListRoleBindings(call, *request);
  });
}

grpc::Status AuthApi::UpdateRoleBinding(ServerContext* context,
                                        const authpb::UpdateRoleBindingRequest* request,
                                        authpb::RoleBinding* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.UpdateRoleBinding(call, *request);
  });
}

grpc::Status AuthApi::DeleteRoleBinding(ServerContext* context,
                                        const authpb::DeleteRoleBindingRequest* request,
                                        authpb::DeleteRoleBindingResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.DeleteRoleBinding(call, request->name());
  });
}

grpc::Status AuthApi::AppendAudit(ServerContext* context, const authpb::AppendAuditRequest* request,
                                  authpb::AppendAuditResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.AppendAudit({request->entries().begin(), request->entries().end()},
                                     call.deadline);
  });
}

grpc::Status AuthApi::ListAudit(ServerContext* context, const authpb::ListAuditRequest* request,
                                authpb::ListAuditResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.ListAudit(call, *request);
  });
}

grpc::Status AuthApi::DeleteScope(ServerContext* context, const authpb::DeleteScopeRequest* request,
                                  authpb::DeleteScopeResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.people.DeleteScope(call, *request);
  });
}

grpc::Status AuthApi::CreateRunnerToken(ServerContext* context,
                                        const authpb::CreateRunnerTokenRequest* request,
                                        authpb::CreateRunnerTokenResponse* response) {
  return parts_.gate.Unary(
      context, *request, response,
      [&](CallContext& call) -> absl::StatusOr<authpb::CreateRunnerTokenResponse> {
        authpb::CreateRunnerTokenResponse answer;
        SLIPWAY_ASSIGN_OR_RETURN(*answer.mutable_secret(),
                                 parts_.identity.CreateRunnerToken(call, request->runner()));
        return answer;
      });
}

grpc::Status AuthApi::DeleteRunnerTokens(ServerContext* context,
                                         const authpb::DeleteRunnerTokensRequest* request,
                                         authpb::DeleteRunnerTokensResponse* response) {
  return parts_.gate.Unary(context, *request, response, [&]([[maybe_unused]] CallContext& call) {
    return parts_.identity.DeleteRunnerTokens(call, request->runner());
  });
}

}  // namespace slipway::auth
