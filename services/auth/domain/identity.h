#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/call_context.h"
#include "libs/service/audit_outbox.h"
#include "services/auth/domain/password.h"
#include "services/auth/domain/service_tokens.h"
#include "services/auth/domain/sign_in_limiter.h"
#include "slipway/auth/v1/auth.pb.h"

namespace slipway::auth {

// Who somebody is: sign-in, exchange, tokens. Owned by App; thread-safe.
class Identity {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    const rpc::AssertionSigner& signer;
    const ServiceTokens& service_tokens;
    PasswordHasher& passwords;
  };
  explicit Identity(Parts parts) : parts_(parts), limiter_(parts.clock) {}

  // Creates user "admin" with SUPER_ADMIN when there is no user at all. The password is read from
  // `password_file`.
  absl::Status CreateAdministrator(const std::string& password_file, absl::Time deadline);

  // A session of 30 days. UNAUTHENTICATED without telling whether user or password is wrong.
  absl::StatusOr<slipway::auth::v1::SignInResponse> SignIn(
      const slipway::auth::v1::SignInRequest& request, absl::Time deadline);
  // Deletes the session or token `bearer`.
  absl::Status SignOut(const std::string& bearer, absl::Time deadline);

  // A signed assertion of 60 s with the rights in force now. UNAUTHENTICATED for a token that is
  // unknown, revoked or expired, or whose user is disabled.
  absl::StatusOr<slipway::auth::v1::ExchangeResponse> Exchange(const std::string& token,
                                                               absl::Time deadline);

  absl::StatusOr<slipway::auth::v1::Token> CreateToken(
      rpc::CallContext& call, const slipway::auth::v1::CreateTokenRequest& request,
      service::AuditOutbox& audit);
  absl::StatusOr<slipway::auth::v1::Token> GetToken(const rpc::CallContext& call,
                                                    const std::string& name);
  absl::StatusOr<slipway::auth::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& call, const slipway::auth::v1::ListTokensRequest& request);
  absl::Status DeleteToken(rpc::CallContext& call, const std::string& name,
                           service::AuditOutbox& audit);
  absl::StatusOr<std::string> CreateRunnerToken(const rpc::CallContext& call,
                                                const std::string& runner);
  absl::Status DeleteRunnerTokens(const rpc::CallContext& call, const std::string& runner);

 private:
  absl::StatusOr<slipway::auth::v1::Principal> PrincipalOf(const std::string& token,
                                                           absl::Time deadline);

  Parts parts_;
  SignInLimiter limiter_;
};

}  // namespace slipway::auth
