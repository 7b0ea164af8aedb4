#include "services/pipeline/store/tag_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

constexpr db::Sql kFind{"tag_reservations.find",
                        "SELECT * FROM tag_reservations WHERE idempotency_key = $1"};
constexpr db::Sql kNext{
    "tag_counters.next",
    "INSERT INTO tag_counters (workflow, next) VALUES ($1, 2)"
    " ON CONFLICT ON CONSTRAINT tag_counters_pkey"
    " DO UPDATE SET next = tag_counters.next + 1, updated_at = now() RETURNING next - 1 AS number"};
constexpr db::Sql kReserve{
    "tag_reservations.reserve",
    "INSERT INTO tag_reservations (idempotency_key, workflow, registry_host, repository, tag)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};
constexpr db::Sql kMarkUsed{
    "tag_reservations.mark_used",
    "UPDATE tag_reservations SET used = true, updated_at = now() WHERE idempotency_key = $1"};
constexpr db::Sql kRelease{"tag_reservations.release",
                           "DELETE FROM tag_reservations WHERE idempotency_key = $1 AND NOT used"};

}  // namespace

absl::StatusOr<std::optional<TagReservation>> FindReservation(db::Tx& tx,
                                                              std::string_view idempotency_key) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kFind, idempotency_key));
  if (result.empty()) return std::optional<TagReservation>();
  const db::Row row = result[0];
  return std::optional<TagReservation>({row.GetString("idempotency_key"), row.GetString("workflow"),
                                        row.GetString("registry_host"), row.GetString("repository"),
                                        row.GetString("tag")});
}

absl::StatusOr<int64_t> NextTagNumber(db::Tx& tx, std::string_view workflow) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kNext, workflow));
  return result[0].GetInt64("number");
}

absl::StatusOr<bool> TryReserve(db::Tx& tx, const TagReservation& r) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kReserve, r.idempotency_key, r.workflow,
                                                            r.registry_host, r.repository, r.tag));
  return result.affected_rows() == 1;
}

absl::Status MarkUsed(db::Tx& tx, std::string_view idempotency_key) {
  return tx.Exec(kMarkUsed, idempotency_key).status();
}

absl::Status Release(db::Tx& tx, std::string_view idempotency_key) {
  return tx.Exec(kRelease, idempotency_key).status();
}

}  // namespace slipway::pipeline::store
