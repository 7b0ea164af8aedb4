#include "services/gitops/store/lease_store.h"

#include <algorithm>

#include "libs/base/status.h"

namespace slipway::gitops::leases {
namespace {

constexpr db::Sql kAnnounce{
    "leases.announce",
    "INSERT INTO replicas AS r (instance, session, expires_at) VALUES ($1, $2, now() + $3) ON "
    "CONFLICT (instance) DO UPDATE SET session = $2, expires_at = now() + $3 WHERE r.session = $2 "
    "OR r.expires_at <= now() OR $4"};
constexpr db::Sql kRenew{"leases.renew",
                         "UPDATE cluster_leases SET expires_at = now() + $3 WHERE holder = $1 AND "
                         "session = $2 RETURNING cluster, fence"};
constexpr db::Sql kReclaim{"leases.reclaim",
                           "UPDATE cluster_leases SET session = $2, fence = "
                           "nextval('cluster_fences'), expires_at = now() + $3 WHERE "
                           "holder = $1 AND session <> $2"};
constexpr db::Sql kTake{
    "leases.take",
    "UPDATE cluster_leases SET holder = $1, session = $2, fence = nextval('cluster_fences'), "
    "expires_at = now() + "
    "$3 WHERE cluster IN (SELECT cluster FROM cluster_leases WHERE holder = '' OR expires_at <= "
    "now() ORDER BY cluster LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING cluster, fence"};
constexpr db::Sql kRelease{"leases.release",
                           "UPDATE cluster_leases SET holder = '', session = '' WHERE holder = $1 "
                           "AND session = $2 AND cluster = ANY($3)"};
constexpr db::Sql kReleaseAll{"leases.release_all",
                              "UPDATE cluster_leases SET holder = '', session = '' WHERE holder = "
                              "$1 AND session = $2"};
constexpr db::Sql kLeave{"leases.leave",
                         "DELETE FROM replicas WHERE instance = $1 AND session = $2"};
constexpr db::Sql kAdd{
    "leases.add",
    "INSERT INTO cluster_leases (cluster) SELECT unnest($1::text[]) ON CONFLICT DO "
    "NOTHING"};
constexpr db::Sql kSweepClusters{
    "leases.sweep_clusters",
    "DELETE FROM cluster_leases l WHERE (l.holder = '' OR l.expires_at <= now()) AND NOT EXISTS "
    "(SELECT FROM app_environments WHERE cluster = l.cluster AND NOT removed) AND NOT EXISTS "
    "(SELECT FROM inventory WHERE cluster = l.cluster) AND NOT EXISTS (SELECT FROM hook_runs WHERE "
    "cluster = l.cluster) AND NOT EXISTS (SELECT FROM deployments WHERE cluster = l.cluster AND "
    "ended_at IS NULL)"};
constexpr db::Sql kSweepReplicas{
    "leases.sweep_replicas", "DELETE FROM replicas WHERE expires_at < now() - interval '1 hour'"};
constexpr db::Sql kClusters{"leases.clusters",
                            "SELECT cluster, holder, holder <> '' AND expires_at > now() AS held, "
                            "extract(epoch FROM expires_at - now())::float8 AS seconds_left FROM "
                            "cluster_leases ORDER BY cluster"};
constexpr db::Sql kReplicas{"leases.replicas",
                            "SELECT instance FROM replicas WHERE expires_at > now()"};
constexpr db::Sql kIsHolder{"leases.is_holder",
                            "SELECT FROM cluster_leases WHERE cluster = $1 AND fence = $2 AND "
                            "holder <> ''"};

std::vector<Held> ToHeld(const db::Result& rows) {
  std::vector<Held> held;
  for (const db::Row& row : rows) held.push_back({row.GetString("cluster"), row.GetInt64("fence")});
  return held;
}

}  // namespace

absl::StatusOr<bool> Announce(db::Tx& tx, const Holder& holder, bool first) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kAnnounce, holder.instance,
                                                          holder.session, holder.lease, first));
  return rows.affected_rows() > 0;
}

absl::StatusOr<std::vector<Held>> Renew(db::Tx& tx, const Holder& holder) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kRenew, holder.instance, holder.session, holder.lease));
  return ToHeld(rows);
}

absl::Status Reclaim(db::Tx& tx, const Holder& holder) {
  return tx.Exec(kReclaim, holder.instance, holder.session, holder.lease).status();
}

absl::StatusOr<std::vector<Held>> Take(db::Tx& tx, const Holder& holder, int64_t most) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kTake, holder.instance, holder.session, holder.lease, most));
  return ToHeld(rows);
}

absl::Status Release(db::Tx& tx, const Holder& holder, const std::vector<std::string>& clusters) {
  return tx.Exec(kRelease, holder.instance, holder.session, clusters).status();
}

absl::Status Leave(db::Tx& tx, const Holder& holder) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kReleaseAll, holder.instance, holder.session).status());
  return tx.Exec(kLeave, holder.instance, holder.session).status();
}

absl::Status Add(db::Tx& tx, const std::vector<std::string>& clusters) {
  return tx.Exec(kAdd, clusters).status();
}

absl::Status Sweep(db::Tx& tx) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kSweepClusters).status());
  return tx.Exec(kSweepReplicas).status();
}

absl::StatusOr<Standing> Read(db::Tx& tx, const Holder& holder) {
  Standing standing;
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result replicas, tx.Exec(kReplicas));
  for (const db::Row& row : replicas) standing.replicas[row.GetString("instance")] = 0;
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result clusters, tx.Exec(kClusters));
  for (const db::Row& row : clusters) {
    standing.clusters.push_back(row.GetString("cluster"));
    if (!row.GetBool("held")) continue;
    const std::string by = row.GetString("holder");
    if (by != holder.instance) {
      standing.next_end = std::min(standing.next_end, absl::Seconds(row.GetDouble("seconds_left")));
    }
    const auto replica = standing.replicas.find(by);
    if (replica != standing.replicas.end()) ++replica->second;
  }
  return standing;
}

absl::StatusOr<bool> IsHolder(db::Tx& tx, const Held& held) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kIsHolder, held.cluster, held.fence));
  return !rows.empty();
}

}  // namespace slipway::gitops::leases
