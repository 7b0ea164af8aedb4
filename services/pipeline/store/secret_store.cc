#include "services/pipeline/store/secret_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

constexpr db::Sql kNextVersion{
    "secret_counters.next",
    "INSERT INTO secret_counters (name, last) VALUES ($1, 1)"
    " ON CONFLICT ON CONSTRAINT secret_counters_pkey"
    " DO UPDATE SET last = secret_counters.last + 1, updated_at = now() RETURNING last"};
constexpr db::Sql kInsertValue{
    "secret_values.insert",
    "INSERT INTO secret_values (resource_id, version, sealed) VALUES ($1, $2, $3)"};
constexpr db::Sql kSetVersion{"resources.set_secret_version",
                              "UPDATE resources SET secret_version = $2 WHERE id = $1"};
constexpr db::Sql kDeleteOld{"secret_values.delete_old",
                             "DELETE FROM secret_values WHERE resource_id = $1 AND version < $2"};
constexpr db::Sql kFindValue{
    "secret_values.find",
    "SELECT sealed FROM secret_values WHERE resource_id = $1 AND version = $2"};

}  // namespace

absl::StatusOr<int64_t> NextSecretVersion(db::Tx& tx, std::string_view name) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kNextVersion, name));
  return result[0].GetInt64("last");
}

absl::Status AddSecretValue(db::Tx& tx, int64_t resource_id, int64_t version,
                            std::string_view sealed, bool keep_old) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsertValue, resource_id, version, sealed).status());
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kSetVersion, resource_id, version).status());
  return keep_old ? absl::OkStatus() : tx.Exec(kDeleteOld, resource_id, version).status();
}

absl::StatusOr<std::optional<std::string>> FindSecretValue(db::Tx& tx, int64_t resource_id,
                                                           int64_t version) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kFindValue, resource_id, version));
  if (result.empty()) return std::optional<std::string>();
  return std::optional<std::string>(result[0].GetString("sealed"));
}

}  // namespace slipway::pipeline::store
