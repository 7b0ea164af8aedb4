#include "services/auth/store/store.h"

#include "libs/base/status.h"
#include "libs/rpc/timestamp.h"

namespace slipway::auth::store {
namespace {

namespace authpb = slipway::auth::v1;
using db::Row;
using db::Sql;
using db::Tx;

UserRow UserFromRow(const Row& row) {
  return {row.GetString("id"),           row.GetInt64("numeric_id"),
          row.GetString("display_name"), row.GetString("password_hash"),
          row.GetBool("disabled"),       row.GetInt64("version"),
          row.GetTime("created_at"),     row.GetTime("updated_at")};
}

// Grants are kept as a Principal with nothing but them.
std::string PackGrants(const std::vector<authpb::Grant>& grants) {
  authpb::Principal principal;
  for (const auto& grant : grants) *principal.add_grants() = grant;
  return principal.SerializeAsString();
}

std::vector<authpb::Grant> UnpackGrants(const std::string& bytes) {
  authpb::Principal principal;
  if (!principal.ParseFromString(bytes)) return {};
  return {principal.grants().begin(), principal.grants().end()};
}

TokenRow TokenFromRow(const Row& row) {
  return {row.GetString("id"),       row.GetString("kind"),
          row.GetBytes("hash"),      row.GetString("hint"),
          row.GetString("user_id"),  row.GetString("runner_id"),
          row.GetString("creator"),  UnpackGrants(row.GetBytes("grants")),
          row.GetTime("expires_at"), row.GetOptionalTime("last_used_at"),
          row.GetTime("created_at")};
}

authpb::Role RoleFrom(const std::string& name) {
  authpb::Role role = authpb::ROLE_UNSPECIFIED;
  (void)authpb::Role_Parse(name, &role);
  return role;
}

authpb::Grant GrantFromRow(const Row& row) {
  authpb::Grant grant;
  grant.set_role(RoleFrom(row.GetString("role")));
  grant.set_project(row.GetString("project"));
  grant.set_environment(row.GetString("environment"));
  grant.set_app(row.GetString("app"));
  return grant;
}

BindingRow BindingFromRow(const Row& row) {
  BindingRow binding;
  binding.id = row.GetString("id");
  binding.spec.set_user(row.GetString("user_id"));
  binding.spec.set_token(row.GetString("token_id"));
  binding.spec.set_role(RoleFrom(row.GetString("role")));
  binding.spec.set_project(row.GetString("project"));
  binding.spec.set_environment(row.GetString("environment"));
  binding.spec.set_app(row.GetString("app"));
  binding.version = row.GetInt64("version");
  binding.created = row.GetTime("created_at");
  binding.updated = row.GetTime("updated_at");
  return binding;
}

std::optional<std::string> OrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

template <typename T, typename FromRow>
absl::StatusOr<std::optional<T>> First(absl::StatusOr<db::Result> rows, FromRow from_row) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<T>();
  return std::optional<T>(from_row((*rows)[0]));
}

template <typename T, typename FromRow>
absl::StatusOr<std::vector<T>> All(absl::StatusOr<db::Result> rows, FromRow from_row) {
  if (!rows.ok()) return rows.status();
  std::vector<T> out;
  for (const Row& row : *rows) out.push_back(from_row(row));
  return out;
}

constexpr Sql kCountUsers{"users.count", "SELECT count(*) AS n FROM users"};
constexpr Sql kFindUser{"users.find", "SELECT * FROM users WHERE id = $1"};
constexpr Sql kLockUser{"users.lock", "SELECT * FROM users WHERE id = $1 FOR UPDATE"};
constexpr Sql kListUsers{"users.list", "SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT $2"};
constexpr Sql kInsertUser{
    "users.insert",
    "INSERT INTO users (id, display_name, password_hash, disabled, created_at, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Sql kUpdateUser{
    "users.update",
    "UPDATE users SET display_name = $2, password_hash = $3, disabled = $4, updated_at = $5, "
    "version = version + 1 WHERE id = $1"};
constexpr Sql kDeleteUser{"users.delete", "DELETE FROM users WHERE id = $1"};
constexpr Sql kTokenByHash{"tokens.by_hash", "SELECT * FROM tokens WHERE hash = $1"};
constexpr Sql kFindToken{"tokens.find", "SELECT * FROM tokens WHERE id = $1 AND kind = 'token'"};
constexpr Sql kListTokens{
    "tokens.list",
    "SELECT * FROM tokens WHERE kind = 'token' AND id > $2 AND ($1 = '' OR creator = $1) "
    "ORDER BY id LIMIT $3"};
constexpr Sql kInsertToken{
    "tokens.insert",
    "INSERT INTO tokens (id, kind, hash, hint, user_id, runner_id, creator, grants, expires_at, "
    "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"};
constexpr Sql kTouchToken{"tokens.touch",
                          "UPDATE tokens SET last_used_at = $2, updated_at = $2 WHERE id = $1"};
constexpr Sql kDeleteToken{"tokens.delete", "DELETE FROM tokens WHERE id = $1"};
constexpr Sql kDeleteSessions{"tokens.delete_sessions",
                              "DELETE FROM tokens WHERE user_id = $1 AND kind = 'session'"};
constexpr Sql kDeleteRunner{"tokens.delete_runner", "DELETE FROM tokens WHERE runner_id = $1"};
constexpr Sql kDeleteExpired{"tokens.delete_expired",
                             "DELETE FROM tokens WHERE kind = 'session' AND expires_at < $1"};
constexpr Sql kAllTokens{"tokens.all", "SELECT * FROM tokens WHERE kind = 'token' FOR UPDATE"};
constexpr Sql kSetGrants{"tokens.set_grants",
                         "UPDATE tokens SET grants = $2, updated_at = now() WHERE id = $1"};
constexpr Sql kGrantsOfUser{
    "bindings.of_user",
    "SELECT role, project, environment, app FROM role_bindings WHERE user_id = $1"};
constexpr Sql kGrantsOfToken{
    "bindings.of_token",
    "SELECT role, project, environment, app FROM role_bindings WHERE token_id = $1"};
constexpr Sql kFindBinding{"bindings.find", "SELECT * FROM role_bindings WHERE id = $1"};
constexpr Sql kLockBinding{"bindings.lock", "SELECT * FROM role_bindings WHERE id = $1 FOR UPDATE"};
constexpr Sql kListBindings{"bindings.list",
                            "SELECT * FROM role_bindings WHERE id > $1 ORDER BY id LIMIT $2"};
constexpr Sql kInsertBinding{"bindings.insert",
                             "INSERT INTO role_bindings (id, user_id, token_id, role, project, "
                             "environment, app, created_at, "
                             "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Sql kUpdateBinding{
    "bindings.update",
    "UPDATE role_bindings SET user_id = $2, token_id = $3, role = $4, project = $5, "
    "environment = $6, app = $7, updated_at = $8, version = version + 1 WHERE id = $1"};
constexpr Sql kDeleteBinding{"bindings.delete", "DELETE FROM role_bindings WHERE id = $1"};
constexpr Sql kDeleteScope{
    "bindings.delete_scope",
    "DELETE FROM role_bindings WHERE ($1 <> '' AND project = $1 AND ($2 = '' OR app = $2)) "
    "OR ($3 <> '' AND environment = $3)"};
constexpr Sql kCountSuperAdmins{
    "bindings.count_super",
    "SELECT count(DISTINCT u.id) AS n FROM role_bindings b JOIN users u ON u.id = b.user_id "
    "WHERE b.role = 'SUPER_ADMIN' AND b.project = '' AND b.environment = '' AND b.app = '' "
    "AND NOT u.disabled"};
constexpr Sql kInsertAudit{
    "audit.insert",
    "INSERT INTO audit (id, at, actor, method, resource, outcome, request_id, address, service) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING"};
constexpr Sql kListAudit{
    "audit.list",
    "SELECT * FROM audit WHERE ($1 = '' OR actor = $1) AND ($2 = '' OR resource = $2 OR "
    "starts_with(resource, $2 || '/')) AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"};

}  // namespace

absl::StatusOr<int64_t> CountUsers(Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kCountUsers));
  return rows[0].GetInt64("n");
}

absl::StatusOr<std::optional<UserRow>> FindUser(Tx& tx, const std::string& id, bool lock) {
  return First<UserRow>(tx.Exec(lock ? kLockUser : kFindUser, id), UserFromRow);
}

absl::StatusOr<std::vector<UserRow>> ListUsers(Tx& tx, const std::string& after, int limit) {
  return All<UserRow>(tx.Exec(kListUsers, after, limit), UserFromRow);
}

absl::Status InsertUser(Tx& tx, const UserRow& row) {
  return tx
      .Exec(kInsertUser, row.id, row.display_name, row.password_hash, row.disabled, row.created,
            row.updated)
      .status();
}

absl::Status UpdateUser(Tx& tx, const UserRow& row) {
  return tx
      .Exec(kUpdateUser, row.id, row.display_name, row.password_hash, row.disabled, row.updated)
      .status();
}

absl::Status DeleteUser(Tx& tx, const std::string& id) { return tx.Exec(kDeleteUser, id).status(); }

absl::StatusOr<std::optional<TokenRow>> FindTokenByHash(Tx& tx, const std::string& hash) {
  return First<TokenRow>(tx.Exec(kTokenByHash, db::Bytes{hash}), TokenFromRow);
}

absl::StatusOr<std::optional<TokenRow>> FindToken(Tx& tx, const std::string& id) {
  return First<TokenRow>(tx.Exec(kFindToken, id), TokenFromRow);
}

absl::StatusOr<std::vector<TokenRow>> ListTokens(Tx& tx, const std::string& creator,
                                                 const std::string& after, int limit) {
  return All<TokenRow>(tx.Exec(kListTokens, creator, after, limit), TokenFromRow);
}

absl::Status InsertToken(Tx& tx, const TokenRow& row) {
  return tx
      .Exec(kInsertToken, row.id, row.kind, db::Bytes{row.hash}, row.hint, OrNull(row.user),
            OrNull(row.runner), row.creator, db::Bytes{PackGrants(row.grants)}, row.expires,
            row.created)
      .status();
}

absl::Status TouchToken(Tx& tx, const std::string& id, absl::Time now) {
  return tx.Exec(kTouchToken, id, now).status();
}
absl::Status DeleteToken(Tx& tx, const std::string& id) {
  return tx.Exec(kDeleteToken, id).status();
}
absl::Status DeleteSessionsOf(Tx& tx, const std::string& user) {
  return tx.Exec(kDeleteSessions, user).status();
}
absl::Status DeleteRunnerTokens(Tx& tx, const std::string& runner) {
  return tx.Exec(kDeleteRunner, runner).status();
}
absl::Status DeleteExpiredTokens(Tx& tx, absl::Time now) {
  return tx.Exec(kDeleteExpired, now).status();
}

absl::Status RemoveScope(Tx& tx, const std::string& project, const std::string& app,
                         const std::string& environment) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kDeleteScope, project, app, environment).status());
  SLIPWAY_ASSIGN_OR_RETURN(const auto tokens, All<TokenRow>(tx.Exec(kAllTokens), TokenFromRow));
  for (const TokenRow& token : tokens) {
    std::vector<authpb::Grant> kept;
    for (const auto& grant : token.grants) {
      const bool gone =
          (!project.empty() && grant.project() == project && (app.empty() || grant.app() == app)) ||
          (!environment.empty() && grant.environment() == environment);
      if (!gone) kept.push_back(grant);
    }
    if (kept.size() == token.grants.size()) continue;
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kSetGrants, token.id, db::Bytes{PackGrants(kept)}).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<authpb::Grant>> GrantsOfUser(Tx& tx, const std::string& user) {
  return All<authpb::Grant>(tx.Exec(kGrantsOfUser, user), GrantFromRow);
}

absl::StatusOr<std::vector<authpb::Grant>> GrantsOfToken(Tx& tx, const std::string& token) {
  return All<authpb::Grant>(tx.Exec(kGrantsOfToken, token), GrantFromRow);
}

absl::StatusOr<std::optional<BindingRow>> FindBinding(Tx& tx, const std::string& id, bool lock) {
  return First<BindingRow>(tx.Exec(lock ? kLockBinding : kFindBinding, id), BindingFromRow);
}

absl::StatusOr<std::vector<BindingRow>> ListBindings(Tx& tx, const std::string& after, int limit) {
  return All<BindingRow>(tx.Exec(kListBindings, after, limit), BindingFromRow);
}

absl::Status InsertBinding(Tx& tx, const BindingRow& row) {
  return tx
      .Exec(kInsertBinding, row.id, OrNull(row.spec.user()), OrNull(row.spec.token()),
            authpb::Role_Name(row.spec.role()), row.spec.project(), row.spec.environment(),
            row.spec.app(), row.created, row.updated)
      .status();
}

absl::Status UpdateBinding(Tx& tx, const BindingRow& row) {
  return tx
      .Exec(kUpdateBinding, row.id, OrNull(row.spec.user()), OrNull(row.spec.token()),
            authpb::Role_Name(row.spec.role()), row.spec.project(), row.spec.environment(),
            row.spec.app(), row.updated)
      .status();
}

absl::Status DeleteBinding(Tx& tx, const std::string& id) {
  return tx.Exec(kDeleteBinding, id).status();
}

absl::StatusOr<int64_t> CountSuperAdmins(Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kCountSuperAdmins));
  return rows[0].GetInt64("n");
}

absl::Status InsertAudit(Tx& tx, const authpb::AuditEntry& entry) {
  const absl::Time at = rpc::FromTimestamp(entry.time());
  return tx
      .Exec(kInsertAudit, entry.id(), at, entry.actor(), entry.method(), entry.resource(),
            entry.outcome(), entry.request_id(), entry.address(), entry.service())
      .status();
}

absl::StatusOr<std::vector<authpb::AuditEntry>> ListAudit(Tx& tx, const std::string& actor,
                                                          const std::string& resource,
                                                          const std::string& before, int limit) {
  return All<authpb::AuditEntry>(
      tx.Exec(kListAudit, actor, resource, before, limit), [](const Row& row) {
        authpb::AuditEntry entry;
        entry.set_id(row.GetString("id"));
        *entry.mutable_time() = rpc::ToTimestamp(row.GetTime("at"));
        entry.set_actor(row.GetString("actor"));
        entry.set_method(row.GetString("method"));
        entry.set_resource(row.GetString("resource"));
        entry.set_outcome(row.GetString("outcome"));
        entry.set_request_id(row.GetString("request_id"));
        entry.set_address(row.GetString("address"));
        entry.set_service(row.GetString("service"));
        return entry;
      });
}

}  // namespace slipway::auth::store
