#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "slipway/auth/v1/auth.pb.h"

// The only files of auth that know SQL. Functions run in the caller's transaction.
namespace slipway::auth::store {

struct UserRow {
  std::string id = {};
  int64_t numeric_id = 0;
  std::string display_name = {};
  std::string password_hash = {};
  bool disabled = false;
  int64_t version = 0;
  absl::Time created = {};
  absl::Time updated = {};
};

struct TokenRow {
  std::string id = {};
  std::string kind = {};  // session, token, runner
  std::string hash = {};
  std::string hint = {};
  std::string user = {};
  std::string runner = {};
  std::string creator = {};
  std::vector<slipway::auth::v1::Grant> grants = {};
  absl::Time expires = {};
  std::optional<absl::Time> last_used = {};
  absl::Time created = {};
};

struct BindingRow {
  std::string id;
  slipway::auth::v1::RoleBindingSpec spec;
  int64_t version = 0;
  absl::Time created = {};
  absl::Time updated = {};
};

absl::StatusOr<int64_t> CountUsers(db::Tx& tx);
absl::StatusOr<std::optional<UserRow>> FindUser(db::Tx& tx, const std::string& id,
                                                bool lock = false);
absl::StatusOr<std::vector<UserRow>> ListUsers(db::Tx& tx, const std::string& after, int limit);
// ALREADY_EXISTS for an id that is taken.
absl::Status InsertUser(db::Tx& tx, const UserRow& row);
absl::Status UpdateUser(db::Tx& tx, const UserRow& row);
absl::Status DeleteUser(db::Tx& tx, const std::string& id);

absl::StatusOr<std::optional<TokenRow>> FindTokenByHash(db::Tx& tx, const std::string& hash);
absl::StatusOr<std::optional<TokenRow>> FindToken(db::Tx& tx, const std::string& id);
// Tokens of kind token; `creator` empty: of everybody.
absl::StatusOr<std::vector<TokenRow>> ListTokens(db::Tx& tx, const std::string& creator,
                                                 const std::string& after, int limit);
absl::Status InsertToken(db::Tx& tx, const TokenRow& row);
absl::Status TouchToken(db::Tx& tx, const std::string& id, absl::Time now);
absl::Status DeleteToken(db::Tx& tx, const std::string& id);
absl::Status DeleteSessionsOf(db::Tx& tx, const std::string& user);
absl::Status DeleteRunnerTokens(db::Tx& tx, const std::string& runner);
absl::Status DeleteExpiredTokens(db::Tx& tx, absl::Time now);
// Grants of tokens as they are stored, rewritten by `keep`: for scopes that are gone.
absl::Status RemoveScope(db::Tx& tx, const std::string& project, const std::string& app,
                         const std::string& environment);

absl::StatusOr<std::vector<slipway::auth::v1::Grant>> GrantsOfUser(db::Tx& tx,
                                                                   const std::string& user);
absl::StatusOr<std::vector<slipway::auth::v1::Grant>> GrantsOfToken(db::Tx& tx,
                                                                    const std::string& token);
absl::StatusOr<std::optional<BindingRow>> FindBinding(db::Tx& tx, const std::string& id,
                                                      bool lock = false);
absl::StatusOr<std::vector<BindingRow>> ListBindings(db::Tx& tx, const std::string& after,
                                                     int limit);
// ALREADY_EXISTS for an id that is taken, FAILED_PRECONDITION for a user or token that is not
// there.
absl::Status InsertBinding(db::Tx& tx, const BindingRow& row);
absl::Status UpdateBinding(db::Tx& tx, const BindingRow& row);
absl::Status DeleteBinding(db::Tx& tx, const std::string& id);
// Users who are not disabled and have SUPER_ADMIN for the whole installation.
absl::StatusOr<int64_t> CountSuperAdmins(db::Tx& tx);

// Entries whose id is there already are passed over.
absl::Status InsertAudit(db::Tx& tx, const slipway::auth::v1::AuditEntry& entry);
absl::StatusOr<std::vector<slipway::auth::v1::AuditEntry>> ListAudit(db::Tx& tx,
                                                                     const std::string& actor,
                                                                     const std::string& resource,
                                                                     const std::string& before,
                                                                     int limit);

}  // namespace slipway::auth::store
