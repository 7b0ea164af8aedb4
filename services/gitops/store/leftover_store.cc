#include "services/gitops/store/leftover_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::leftovers {
namespace {

constexpr db::Sql kNote{
    "leftovers.note",
    "INSERT INTO provider_leftovers (repository, provider, provider_uid, spec, token, client_key, "
    "claimed_by, next_attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval)"};
constexpr db::Sql kStrike{"leftovers.strike",
                          "DELETE FROM provider_leftovers WHERE repository = $1"};
// What this instance noted before it was ended is its own again at once.
constexpr db::Sql kClaim{
    "leftovers.claim",
    "UPDATE provider_leftovers SET claimed_by = '', next_attempt = now() + $2::interval, "
    "updated_at = now() WHERE repository IN (SELECT repository FROM provider_leftovers WHERE "
    "next_attempt <= now() OR claimed_by = $1 ORDER BY next_attempt, repository LIMIT 1 FOR UPDATE "
    "SKIP LOCKED) RETURNING repository, provider, provider_uid, spec, token, client_key, attempts, "
    "created_at"};
constexpr db::Sql kPutOff{
    "leftovers.put_off",
    "UPDATE provider_leftovers SET attempts = attempts + 1, next_attempt = now() + $2::interval, "
    "updated_at = now() WHERE repository = $1"};

}  // namespace

absl::Status Note(db::Tx& tx, const std::string& repository, const providers::Provider& provider,
                  const std::string& instance, absl::Duration lease) {
  const std::string spec = provider.spec.SerializeAsString();
  return tx
      .Exec(kNote, repository, provider.Name(), provider.uid, db::Bytes{spec},
            db::Bytes{provider.token}, db::Bytes{provider.client_key}, instance, lease)
      .status();
}

absl::Status Strike(db::Tx& tx, const std::string& repository) {
  return tx.Exec(kStrike, repository).status();
}

absl::StatusOr<std::optional<Leftover>> Claim(db::Tx& tx, const std::string& instance,
                                              absl::Duration lease) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kClaim, instance, lease));
  if (rows.empty()) return std::nullopt;
  const db::Row& row = rows[0];
  Leftover leftover{.repository = row.GetString("repository"),
                    .provider = row.GetString("provider"),
                    .provider_uid = row.GetString("provider_uid"),
                    .token = row.GetBytes("token"),
                    .client_key = row.GetBytes("client_key"),
                    .attempts = row.GetInt("attempts"),
                    .created = row.GetTime("created_at")};
  leftover.spec.ParseFromString(row.GetBytes("spec"));
  return leftover;
}

absl::Status PutOff(db::Tx& tx, const std::string& repository, absl::Duration pause) {
  return tx.Exec(kPutOff, repository, pause).status();
}

}  // namespace slipway::gitops::leftovers
