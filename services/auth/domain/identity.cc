#include "services/auth/domain/identity.h"

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/resource_name.h"
#include "libs/rpc/timestamp.h"
#include "services/auth/domain/convert.h"
#include "services/auth/domain/errors.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/token_secret.h"
#include "services/auth/store/store.h"

namespace slipway::auth {
namespace {

namespace authpb = slipway::auth::v1;
using slipway::api::Permission;

constexpr absl::Duration kSessionLife = absl::Hours(24 * 30);
constexpr absl::Duration kDefaultTokenLife = absl::Hours(24 * 90);
constexpr absl::Duration kMaxTokenLife = absl::Hours(24 * 3653);
constexpr absl::Duration kRunnerTokenLife = absl::Hours(24 * 3653);
constexpr absl::Duration kAssertionLife = absl::Seconds(60);

bool IsSuper(const rpc::CallContext& call) { return call.Can(Permission::SUPER, {}); }

}  // namespace

absl::Status Identity::CreateAdministrator(const std::string& password_file, absl::Time deadline) {
  return db::RunTx(
      parts_.pool, "identity.create_administrator", deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t users, store::CountUsers(tx));
        if (users > 0) return absl::OkStatus();
        if (password_file.empty()) {
          return absl::FailedPreconditionError(
              "there is no user yet: set --admin-password-file for the first start");
        }
        SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(password_file, 4096));
        SLIPWAY_ASSIGN_OR_RETURN(const std::string hash, parts_.passwords.Hash(Trim(text)));
        const absl::Time now = parts_.clock.Now();
        SLIPWAY_RETURN_IF_ERROR(store::InsertUser(tx, {.id = "admin",
                                                       .display_name = "Administrator",
                                                       .password_hash = hash,
                                                       .created = now,
                                                       .updated = now}));
        store::BindingRow binding{.id = "admin", .spec = {}, .created = now, .updated = now};
        binding.spec.set_user("admin");
        binding.spec.set_role(authpb::SUPER_ADMIN);
        return store::InsertBinding(tx, binding);
      });
}

absl::StatusOr<authpb::SignInResponse> Identity::SignIn(const authpb::SignInRequest& request,
                                                        absl::Time deadline) {
  // No user has such a name, and what the limiter remembers of failed ones stays small.
  if (!ValidateSlug(request.user(), "user").ok()) return WrongPassword();
  if (!limiter_.Allowed(request.user())) return TooManySignIns();
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto user, db::RunTx(parts_.pool, "identity.sign_in_user", deadline,
                                 [&](db::Tx& tx) { return store::FindUser(tx, request.user()); }));
  const bool right = parts_.passwords.Verify(request.password(), user ? user->password_hash : "");
  if (!right || user->disabled) {
    limiter_.Failed(request.user());
    return WrongPassword();
  }
  limiter_.Succeeded(request.user());
  const std::string secret = NewTokenSecret();
  const absl::Time now = parts_.clock.Now();
  const absl::Status stored =
      db::RunTx(parts_.pool, "identity.sign_in", deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(store::DeleteExpiredTokens(tx, now));
        return store::InsertToken(tx, {.id = NewUlid(now),
                                       .kind = "session",
                                       .hash = HashToken(secret),
                                       .hint = HintOf(secret),
                                       .user = user->id,
                                       .creator = "user:" + user->id,
                                       .expires = now + kSessionLife,
                                       .created = now});
      });
  SLIPWAY_RETURN_IF_ERROR(stored);
  authpb::SignInResponse response;
  response.set_token(secret);
  *response.mutable_expire_time() = rpc::ToTimestamp(now + kSessionLife);
  return response;
}

absl::Status Identity::SignOut(const std::string& bearer, absl::Time deadline) {
  return db::RunTx(parts_.pool, "identity.sign_out", deadline, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const auto token, store::FindTokenByHash(tx, HashToken(bearer)));
    return token ? store::DeleteToken(tx, token->id) : absl::OkStatus();
  });
}

absl::StatusOr<authpb::Principal> Identity::PrincipalOf(const std::string& secret,
                                                        absl::Time deadline) {
  if (secret.empty() || secret.size() > 512) return TokenNotValid();
  const std::string hash = HashToken(secret);
  if (auto own = parts_.service_tokens.Find(hash)) return *own;
  const absl::Time now = parts_.clock.Now();
  return db::RunTx(parts_.pool, "identity.exchange", deadline,
                   [&](db::Tx& tx) -> absl::StatusOr<authpb::Principal> {
                     SLIPWAY_ASSIGN_OR_RETURN(const auto token, store::FindTokenByHash(tx, hash));
                     if (!token || token->expires <= now) return TokenNotValid();
                     if (!token->last_used || now - *token->last_used >= absl::Minutes(1)) {
                       SLIPWAY_RETURN_IF_ERROR(store::TouchToken(tx, token->id, now));
                     }
                     authpb::Principal principal;
                     std::vector<authpb::Grant> grants = token->grants;
                     if (token->kind == "session") {
                       SLIPWAY_ASSIGN_OR_RETURN(const auto user, store::FindUser(tx, token->user));
                       if (!user || user->disabled) return TokenNotValid();
                       principal.set_kind(authpb::Principal::USER);
                       principal.set_id(token->user);
                       SLIPWAY_ASSIGN_OR_RETURN(grants, store::GrantsOfUser(tx, token->user));
                     } else if (token->kind == "runner") {
                       principal.set_kind(authpb::Principal::RUNNER);
                       principal.set_id(token->runner);
                     } else {
                       principal.set_kind(authpb::Principal::TOKEN);
                       principal.set_id(token->id);
                       SLIPWAY_ASSIGN_OR_RETURN(const auto bound,
                                                store::GrantsOfToken(tx, token->id));
                       grants.insert(grants.end(), bound.begin(), bound.end());
                     }
                     for (const auto& grant : grants) *principal.add_grants() = grant;
                     return principal;
                   });
}

absl::StatusOr<authpb::ExchangeResponse> Identity::Exchange(const std::string& token,
                                                            absl::Time deadline) {
  SLIPWAY_ASSIGN_OR_RETURN(const authpb::Principal principal, PrincipalOf(token, deadline));
  const absl::Time expires = parts_.clock.Now() + kAssertionLife;
  authpb::ExchangeResponse response;
  response.set_assertion(parts_.signer.Sign(principal, expires));
  *response.mutable_expire_time() = rpc::ToTimestamp(expires);
  return response;
}

absl::StatusOr<authpb::Token> Identity::CreateToken(rpc::CallContext& call,
                                                    const authpb::CreateTokenRequest& request,
                                                    service::AuditOutbox& audit) {
  if (call.principal.kind() != authpb::Principal::USER &&
      call.principal.kind() != authpb::Principal::TOKEN) {
    return rpc::CallContext(call).Require(Permission::SUPER, {}, "tokens");
  }
  const auto& spec = request.token().spec();
  if (spec.grants().empty()) {
    return InvalidField("token.spec.grants",
                        "a token without rights is of no use: give it at least one");
  }
  for (int i = 0; i < spec.grants_size(); ++i) {
    const std::string field = "token.spec.grants[" + std::to_string(i) + "]";
    SLIPWAY_RETURN_IF_ERROR(ValidateGrant(spec.grants(i), field));
    if (!Covers(call.principal, spec.grants(i))) return GrantBeyondOwn(Describe(spec.grants(i)));
  }
  const absl::Duration life =
      spec.has_expires() ? absl::Seconds(spec.expires().seconds()) : kDefaultTokenLife;
  if (life <= absl::ZeroDuration() || life > kMaxTokenLife) {
    return InvalidField("token.spec.expires", "must be more than zero and at most ten years");
  }
  std::string id = request.token_id();
  if (id.empty()) id = "token-" + RandomHex(4);
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, "tokenId"));
  const std::string secret = NewTokenSecret();
  const absl::Time now = parts_.clock.Now();
  const store::TokenRow row{.id = id,
                            .kind = "token",
                            .hash = HashToken(secret),
                            .hint = HintOf(secret),
                            .creator = call.actor,
                            .grants = {spec.grants().begin(), spec.grants().end()},
                            .expires = now + life,
                            .created = now};
  const absl::Status inserted = db::RunTx(parts_.pool, "identity.create_token", call.deadline,
                                          [&](db::Tx& tx) -> absl::Status {
                                            SLIPWAY_RETURN_IF_ERROR(store::InsertToken(tx, row));
                                            return audit.Append(tx, call, "tokens/" + id);
                                          });
  if (inserted.code() == absl::StatusCode::kAlreadyExists) return NameTaken("tokens/" + id);
  SLIPWAY_RETURN_IF_ERROR(inserted);
  authpb::Token token = ToProto(row);
  token.mutable_status()->set_secret(secret);
  return token;
}

absl::StatusOr<authpb::Token> Identity::GetToken(const rpc::CallContext& call,
                                                 const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "tokens/*"));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto row, db::RunTx(parts_.pool, "identity.get_token", call.deadline,
                                [&](db::Tx& tx) { return store::FindToken(tx, parsed.id()); }));
  if (!row || (row->creator != call.actor && !IsSuper(call))) return NotThere(name);
  return ToProto(*row);
}

absl::StatusOr<authpb::ListTokensResponse> Identity::ListTokens(
    const rpc::CallContext& call, const authpb::ListTokensRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("tokens", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows,
      db::RunTx(parts_.pool, "identity.list_tokens", call.deadline, [&](db::Tx& tx) {
        return store::ListTokens(tx, IsSuper(call) ? "" : call.actor, after, size + 1);
      }));
  authpb::ListTokensResponse response;
  for (const auto& row : rows) {
    if (response.tokens_size() == size) {
      response.set_next_page_token(rpc::PageToken("tokens", rows[size - 1].id));
      break;
    }
    *response.add_tokens() = ToProto(row);
  }
  return response;
}

absl::Status Identity::DeleteToken(rpc::CallContext& call, const std::string& name,
                                   service::AuditOutbox& audit) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "tokens/*"));
  return db::RunTx(parts_.pool, "identity.delete_token", call.deadline,
                   [&](db::Tx& tx) -> absl::Status {
                     SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::FindToken(tx, parsed.id()));
                     if (!row || (row->creator != call.actor && !IsSuper(call)))
                       return NotThere(name);
                     SLIPWAY_RETURN_IF_ERROR(store::DeleteToken(tx, row->id));
                     return audit.Append(tx, call, name);
                   });
}

absl::StatusOr<std::string> Identity::CreateRunnerToken(const rpc::CallContext& call,
                                                        const std::string& runner) {
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(runner, "runner"));
  const std::string secret = NewTokenSecret();
  const absl::Time now = parts_.clock.Now();
  SLIPWAY_RETURN_IF_ERROR(
      db::RunTx(parts_.pool, "identity.create_runner_token", call.deadline, [&](db::Tx& tx) {
        return store::InsertToken(tx, {.id = NewUlid(now),
                                       .kind = "runner",
                                       .hash = HashToken(secret),
                                       .hint = HintOf(secret),
                                       .runner = runner,
                                       .creator = call.actor,
                                       .expires = now + kRunnerTokenLife,
                                       .created = now});
      }));
  return secret;
}

absl::Status Identity::DeleteRunnerTokens(const rpc::CallContext& call, const std::string& runner) {
  return db::RunTx(parts_.pool, "identity.delete_runner_tokens", call.deadline,
                   [&](db::Tx& tx) { return store::DeleteRunnerTokens(tx, runner); });
}

}  // namespace slipway::auth
