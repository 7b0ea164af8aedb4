#include "services/gitops/store/provider_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::providers {
namespace {

using Status = slipway::gitops::v1::GitOpsProviderStatus;

#define PROVIDER_COLUMNS                                                                        \
  "id, uid, spec, token, live_spec, live_token, in_force, state, stages, attempts, commit_id, " \
  "version, created_at, "                                                                       \
  "updated_at, client_key, live_client_key, repository_url"

constexpr db::Sql kInsert{"providers.insert",
                          "INSERT INTO providers (id, uid, spec, token, state, client_key, stages) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING version, "
                          "created_at, updated_at"};
constexpr db::Sql kGet{"providers.get", "SELECT " PROVIDER_COLUMNS " FROM providers WHERE id = $1"};
constexpr db::Sql kLock{"providers.lock",
                        "SELECT " PROVIDER_COLUMNS " FROM providers WHERE id = $1 FOR UPDATE"};
constexpr db::Sql kList{"providers.list", "SELECT " PROVIDER_COLUMNS
                                          " FROM providers WHERE id > $1 ORDER BY id LIMIT $2"};
constexpr db::Sql kInForce{"providers.in_force",
                           "SELECT " PROVIDER_COLUMNS " FROM providers WHERE in_force"};
constexpr db::Sql kStamp{
    "providers.stamp",
    "SELECT (SELECT concat_ws('/', uid, version, updated_at) FROM providers WHERE in_force) AS "
    "provider, (SELECT concat_ws('/', count(*), sum(extract(epoch FROM updated_at))) FROM "
    "project_repositories) AS own"};
constexpr db::Sql kUpdate{
    "providers.update",
    "UPDATE providers SET spec = $2, token = $3, live_spec = $4, live_token = $5, in_force = $6, "
    "state = $7, stages = $8, attempts = $9, next_attempt = now() + $10::interval, commit_id = "
    "$11, "
    "version = $12, client_key = $13, live_client_key = $14, repository_url = $15, "
    "claimed_by = '', updated_at = now() WHERE id = $1 RETURNING updated_at"};
constexpr db::Sql kDelete{"providers.delete", "DELETE FROM providers WHERE id = $1"};
// What this instance claimed before it was ended is its own again at once.
constexpr db::Sql kClaim{
    "providers.claim",
    "UPDATE providers SET claimed_by = $1, next_attempt = now() + $2::interval WHERE id IN "
    "(SELECT id FROM providers WHERE state = 'VALIDATING' AND (next_attempt <= now() OR "
    "claimed_by = $1) ORDER BY next_attempt, id LIMIT 1 FOR UPDATE SKIP LOCKED) "
    "RETURNING " PROVIDER_COLUMNS};
constexpr db::Sql kElsewhere{
    "providers.elsewhere",
    "SELECT count(*)::int AS n FROM app_environments WHERE NOT removed AND applied_tree <> '' AND "
    "applied_from <> $1"};
constexpr db::Sql kSetCommit{
    "providers.set_commit",
    "UPDATE providers SET commit_id = $2 WHERE id = $1 AND commit_id <> $2"};

Provider FromRow(const db::Row& row) {
  Provider provider{.id = row.GetString("id"),
                    .uid = row.GetString("uid"),
                    .token = row.GetBytes("token"),
                    .live_token = row.GetBytes("live_token"),
                    .in_force = row.GetBool("in_force"),
                    .attempts = row.GetInt("attempts"),
                    .commit = row.GetString("commit_id"),
                    .version = row.GetInt64("version"),
                    .created = row.GetTime("created_at"),
                    .updated = row.GetTime("updated_at"),
                    .client_key = row.GetBytes("client_key"),
                    .live_client_key = row.GetBytes("live_client_key"),
                    .repository_url = row.GetString("repository_url")};
  provider.spec.ParseFromString(row.GetBytes("spec"));
  if (!row.IsNull("live_spec"))
    provider.live_spec.emplace().ParseFromString(row.GetBytes("live_spec"));
  provider.stages.ParseFromString(row.GetBytes("stages"));
  Status::State_Parse(row.GetString("state"), &provider.state);
  return provider;
}

absl::StatusOr<std::optional<Provider>> First(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return std::nullopt;
  return FromRow((*rows)[0]);
}

absl::StatusOr<std::vector<Provider>> All(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  std::vector<Provider> all;
  for (const db::Row& row : *rows) all.push_back(FromRow(row));
  return all;
}

}  // namespace

absl::Status Insert(db::Tx& tx, Provider& provider) {
  const std::string spec = provider.spec.SerializeAsString();
  const std::string stages = provider.stages.SerializeAsString();
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kInsert, provider.id, provider.uid, db::Bytes{spec},
                                   db::Bytes{provider.token}, Status::State_Name(provider.state),
                                   db::Bytes{provider.client_key}, db::Bytes{stages}));
  provider.version = rows[0].GetInt64("version");
  provider.created = rows[0].GetTime("created_at");
  provider.updated = rows[0].GetTime("updated_at");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Provider>> Get(db::Tx& tx, const std::string& id, bool lock) {
  return First(tx.Exec(lock ? kLock : kGet, id));
}

absl::StatusOr<std::vector<Provider>> List(db::Tx& tx, const std::string& after, int limit) {
  return All(tx.Exec(kList, after, limit));
}

absl::StatusOr<std::optional<Provider>> GetInForce(db::Tx& tx) { return First(tx.Exec(kInForce)); }

absl::StatusOr<std::string> GetStamp(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kStamp));
  const std::optional<std::string> provider = rows[0].GetOptionalString("provider");
  return provider ? *provider + " " + rows[0].GetString("own") : std::string();
}

absl::Status Update(db::Tx& tx, Provider& provider, absl::Duration next_attempt) {
  const std::string spec = provider.spec.SerializeAsString();
  const std::string live = provider.live_spec ? provider.live_spec->SerializeAsString() : "";
  const std::string stages = provider.stages.SerializeAsString();
  const db::Param live_spec =
      provider.live_spec ? db::Param(db::Bytes{live}) : db::Param(std::nullopt);
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kUpdate, provider.id, db::Bytes{spec}, db::Bytes{provider.token}, live_spec,
              db::Bytes{provider.live_token}, provider.in_force, Status::State_Name(provider.state),
              db::Bytes{stages}, provider.attempts, next_attempt, provider.commit, provider.version,
              db::Bytes{provider.client_key}, db::Bytes{provider.live_client_key},
              provider.repository_url));
  provider.updated = rows[0].GetTime("updated_at");
  return absl::OkStatus();
}

absl::Status Delete(db::Tx& tx, const std::string& id) { return tx.Exec(kDelete, id).status(); }

absl::StatusOr<std::optional<Provider>> ClaimForValidation(db::Tx& tx, const std::string& instance,
                                                           absl::Duration lease) {
  return First(tx.Exec(kClaim, instance, lease));
}

absl::StatusOr<int> CountAppliedElsewhere(db::Tx& tx, const std::string& place) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kElsewhere, place));
  return rows[0].GetInt("n");
}

absl::Status SetCommit(db::Tx& tx, const std::string& id, const std::string& commit) {
  return tx.Exec(kSetCommit, id, commit).status();
}

}  // namespace slipway::gitops::providers
