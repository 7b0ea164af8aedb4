#include "services/trigger/store/store.h"

#include "libs/base/status.h"

namespace slipway::trigger::store {
namespace {

namespace pb = slipway::trigger::v1;
using db::Row;
using db::Sql;
using db::Tx;

HookRow HookFromRow(const Row& row) {
  return {row.GetString("id"),       row.GetInt64("numeric_id"),
          row.GetString("forge"),    row.GetTextArray("repositories"),
          row.GetString("secret"),   row.GetInt64("version"),
          row.GetTime("created_at"), row.GetTime("updated_at")};
}

// Matches are kept as a Delivery with nothing but them.
std::string PackMatches(const std::vector<pb::Delivery::Match>& matches) {
  pb::Delivery delivery;
  for (const auto& match : matches) *delivery.add_matches() = match;
  return delivery.SerializeAsString();
}

DeliveryRow DeliveryFromRow(const Row& row, bool with_body) {
  DeliveryRow out;
  out.id = row.GetString("id");
  out.hook = row.GetString("hook");
  out.forge = row.GetString("forge");
  out.forge_id = row.GetString("forge_id");
  out.redelivery_of = row.GetString("redelivery_of");
  if (with_body) {
    out.body = row.GetBytes("body");
    out.headers = row.GetString("headers");
  }
  out.body_hash = row.GetBytes("body_hash");
  out.event = row.GetString("event");
  out.repository = row.GetString("repository");
  out.ref = row.GetString("ref");
  out.commit = row.GetString("commit_sha");
  out.order_key = row.GetString("order_key");
  out.state = row.GetString("state");
  out.outcome = row.GetString("outcome");
  pb::Delivery matches;
  if (matches.ParseFromString(row.GetBytes("matches")))
    out.matches = {matches.matches().begin(), matches.matches().end()};
  out.apps = row.GetTextArray("apps");
  out.traceparent = row.GetString("traceparent");
  out.trace_id = row.GetString("trace_id");
  out.tries = row.GetInt("tries");
  out.fence = row.GetInt64("fence");
  out.size = row.GetInt64("size");
  out.created = row.GetTime("created_at");
  out.processed = row.GetOptionalTime("processed_at");
  return out;
}

absl::StatusOr<std::optional<DeliveryRow>> FirstDelivery(absl::StatusOr<db::Result> rows,
                                                         bool with_body) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<DeliveryRow>();
  return std::optional<DeliveryRow>(DeliveryFromRow((*rows)[0], with_body));
}

absl::StatusOr<std::vector<HookRow>> Hooks(absl::StatusOr<db::Result> rows) {
  if (!rows.ok()) return rows.status();
  std::vector<HookRow> out;
  for (const Row& row : *rows) out.push_back(HookFromRow(row));
  return out;
}

#define SLIPWAY_DELIVERY_COLUMNS                                                              \
  "id, hook, forge, forge_id, redelivery_of, body_hash, event, repository, ref, commit_sha, " \
  "order_key, state, outcome, "                                                               \
  "matches, apps, traceparent, trace_id, tries, fence, octet_length(body)::bigint AS size, "  \
  "created_at, processed_at"

constexpr Sql kFindHooks{"hooks.find_many", "SELECT * FROM hooks WHERE id = ANY($1::text[])"};
constexpr Sql kLockHook{"hooks.lock", "SELECT * FROM hooks WHERE id = ANY($1::text[]) FOR UPDATE"};
constexpr Sql kListHooks{"hooks.list", "SELECT * FROM hooks WHERE id > $1 ORDER BY id LIMIT $2"};
constexpr Sql kInsertHook{
    "hooks.insert",
    "INSERT INTO hooks (id, forge, repositories, secret, created_at, updated_at) "
    "VALUES ($1, $2, $3::text[], $4, $5, $6)"};
constexpr Sql kUpdateHook{
    "hooks.update",
    "UPDATE hooks SET forge = $2, repositories = $3::text[], secret = $4, updated_at = $5, "
    "version = version + 1 WHERE id = $1"};
constexpr Sql kDeleteHook{"hooks.delete", "DELETE FROM hooks WHERE id = $1"};
constexpr Sql kInsertDelivery{"deliveries.insert",
                              "INSERT INTO deliveries (id, hook, forge, forge_id, redelivery_of, "
                              "request_id, body, body_hash, headers, event, repository, "
                              "ref, commit_sha, order_key, state, traceparent, trace_id, "
                              "next_try_at, created_at, updated_at) "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, "
                              "$13, $14, 'RECEIVED', $15, $16, $17, $17, $17) "
                              "ON CONFLICT DO NOTHING"};
constexpr Sql kFindByForgeId{
    "deliveries.by_forge_id",
    "SELECT " SLIPWAY_DELIVERY_COLUMNS
    " FROM deliveries WHERE hook = $1 AND forge_id = $2 AND redelivery_of = ''"};
constexpr Sql kFindByRequestId{"deliveries.by_request_id",
                               "SELECT " SLIPWAY_DELIVERY_COLUMNS
                               " FROM deliveries WHERE redelivery_of = $1 AND request_id = $2"};
constexpr Sql kFindDelivery{"deliveries.find",
                            "SELECT " SLIPWAY_DELIVERY_COLUMNS
                            ", body, headers::text AS headers FROM deliveries WHERE id = $1"};
constexpr Sql kListDeliveries{
    "deliveries.list",
    "SELECT " SLIPWAY_DELIVERY_COLUMNS
    " FROM deliveries WHERE ($1 = '' OR hook = $1) AND ($2 = '' OR apps @> ARRAY[$2]) "
    "AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"};
constexpr Sql kClaim{"deliveries.claim",
                     "UPDATE deliveries d SET claimed_until = $3, holder = $1, fence = d.fence + "
                     "1, tries = d.tries + 1, updated_at = $2 FROM ("
                     "  SELECT id FROM deliveries o WHERE state = 'RECEIVED' AND next_try_at <= $2 "
                     "AND (claimed_until IS NULL OR claimed_until <= $2) "
                     "  AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.state = 'RECEIVED' AND "
                     "e.order_key = o.order_key AND e.seq < o.seq) "
                     "  ORDER BY seq LIMIT $4 FOR UPDATE SKIP LOCKED) c WHERE d.id = c.id "
                     "RETURNING d.id, d.hook, d.forge, d.forge_id, d.redelivery_of, d.body_hash, "
                     "d.event, d.repository, d.ref, d.commit_sha, "
                     "d.order_key, d.state, d.outcome, d.matches, d.apps, d.traceparent, "
                     "d.trace_id, d.tries, d.fence, "
                     "octet_length(d.body)::bigint AS size, d.created_at, d.processed_at, d.body, "
                     "d.headers::text AS headers"};
constexpr Sql kReleaseClaims{"deliveries.release",
                             "UPDATE deliveries SET claimed_until = NULL, fence = fence + 1 WHERE "
                             "state = 'RECEIVED' AND holder = $1"};
constexpr Sql kFinish{
    "deliveries.finish",
    "UPDATE deliveries SET state = $3, outcome = $4, matches = $5, apps = $6::text[], processed_at "
    "= $7, "
    "updated_at = $7, claimed_until = NULL WHERE id = $1 AND fence = $2 AND state = 'RECEIVED'"};
constexpr Sql kPostpone{"deliveries.postpone",
                        "UPDATE deliveries SET next_try_at = $3, outcome = $4, claimed_until = "
                        "NULL, updated_at = now() "
                        "WHERE id = $1 AND fence = $2 AND state = 'RECEIVED'"};
constexpr Sql kCountOpen{"deliveries.count_open",
                         "SELECT count(*) AS n FROM deliveries WHERE state = 'RECEIVED'"};

#undef SLIPWAY_DELIVERY_COLUMNS

}  // namespace

absl::StatusOr<std::vector<HookRow>> FindHooks(Tx& tx, const std::vector<std::string>& ids) {
  return Hooks(tx.Exec(kFindHooks, ids));
}

absl::StatusOr<std::optional<HookRow>> FindHook(Tx& tx, const std::string& id, bool lock) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows, Hooks(tx.Exec(lock ? kLockHook : kFindHooks, std::vector<std::string>{id})));
  return rows.empty() ? std::optional<HookRow>() : std::optional<HookRow>(rows[0]);
}

absl::StatusOr<std::vector<HookRow>> ListHooks(Tx& tx, const std::string& after, int limit) {
  return Hooks(tx.Exec(kListHooks, after, limit));
}

absl::Status InsertHook(Tx& tx, const HookRow& row) {
  return tx
      .Exec(kInsertHook, row.id, row.forge, row.repositories, row.secret, row.created, row.updated)
      .status();
}

absl::Status UpdateHook(Tx& tx, const HookRow& row) {
  return tx.Exec(kUpdateHook, row.id, row.forge, row.repositories, row.secret, row.updated)
      .status();
}

absl::StatusOr<int64_t> DeleteHook(Tx& tx, const std::string& id) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kDeleteHook, id));
  return result.affected_rows();
}

absl::StatusOr<bool> InsertDelivery(Tx& tx, const DeliveryRow& row, absl::Time now) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result result,
      tx.Exec(kInsertDelivery, row.id, row.hook, row.forge, row.forge_id, row.redelivery_of,
              row.request_id, db::Bytes{row.body}, db::Bytes{row.body_hash}, row.headers, row.event,
              row.repository, row.ref, row.commit, row.order_key, row.traceparent, row.trace_id,
              now));
  return result.affected_rows() == 1;
}

absl::StatusOr<std::optional<DeliveryRow>> FindByForgeId(Tx& tx, const std::string& hook,
                                                         const std::string& forge_id) {
  return FirstDelivery(tx.Exec(kFindByForgeId, hook, forge_id), false);
}

absl::StatusOr<std::optional<DeliveryRow>> FindByRequestId(Tx& tx, const std::string& redelivery_of,
                                                           const std::string& request_id) {
  return FirstDelivery(tx.Exec(kFindByRequestId, redelivery_of, request_id), false);
}

absl::StatusOr<std::optional<DeliveryRow>> FindDelivery(Tx& tx, const std::string& id) {
  return FirstDelivery(tx.Exec(kFindDelivery, id), true);
}

absl::StatusOr<std::vector<DeliveryRow>> ListDeliveries(Tx& tx, const DeliveryQuery& query) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kListDeliveries, query.hook, query.app,
                                                          query.before, query.limit));
  std::vector<DeliveryRow> out;
  for (const Row& row : rows) out.push_back(DeliveryFromRow(row, false));
  return out;
}

absl::StatusOr<std::vector<DeliveryRow>> Claim(Tx& tx, const std::string& holder, absl::Time now,
                                               absl::Duration lease, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kClaim, holder, now, now + lease, limit));
  std::vector<DeliveryRow> out;
  for (const Row& row : rows) out.push_back(DeliveryFromRow(row, true));
  return out;
}

absl::Status ReleaseClaims(Tx& tx, const std::string& holder) {
  return tx.Exec(kReleaseClaims, holder).status();
}

absl::StatusOr<bool> Finish(Tx& tx, const DeliveryRow& row, absl::Time now) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result,
                           tx.Exec(kFinish, row.id, row.fence, row.state, row.outcome,
                                   db::Bytes{PackMatches(row.matches)}, row.apps, now));
  return result.affected_rows() == 1;
}

absl::StatusOr<bool> Postpone(Tx& tx, const DeliveryRow& row, absl::Time at,
                              const std::string& why) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kPostpone, row.id, row.fence, at, why));
  return result.affected_rows() == 1;
}

absl::StatusOr<int64_t> CountOpen(Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kCountOpen));
  return rows[0].GetInt64("n");
}

}  // namespace slipway::trigger::store
