#include "services/gitops/store/inventory_store.h"

#include <boost/json.hpp>

#include "libs/base/status.h"

namespace slipway::gitops::inventory {
namespace {

namespace bj = boost::json;
using State = InventoryEntry::State;

#define INVENTORY_COLUMNS                                                                    \
  "api_group, kind, namespace, name, version, project, app, environment, state, uid, wave, " \
  "options, content, seen_uid, seen_fields, seen_values, seen_time, seen_generation, "       \
  "in_flight, taken_from"
// The rows of $2, a JSON array of entries, as a table.
#define ENTRIES                                                                                 \
  "jsonb_to_recordset($2::jsonb) AS e(api_group text, kind text, namespace text, name text, "   \
  "version text, project text, app text, environment text, uid text, wave int, options text, "  \
  "content bigint, seen_uid bigint, seen_fields bigint, seen_values bigint, seen_time bigint, " \
  "seen_generation bigint)"
#define SAME_OBJECT                                                                     \
  "i.cluster = $1 AND i.api_group = e.api_group AND i.kind = e.kind AND i.namespace = " \
  "e.namespace AND i.name = e.name"
#define SAME_OWNER "i.project = e.project AND i.app = e.app AND i.environment = e.environment"

constexpr db::Sql kOfOwner{"inventory.of_owner",
                           "SELECT " INVENTORY_COLUMNS
                           " FROM inventory WHERE cluster = $1 AND project = $2 AND app = $3 AND "
                           "environment = $4 ORDER BY api_group, kind, namespace, name"};
constexpr db::Sql kOfCluster{"inventory.of_cluster",
                             "SELECT " INVENTORY_COLUMNS " FROM inventory WHERE cluster = $1"};
constexpr db::Sql kClustersOf{
    "inventory.clusters_of",
    "SELECT cluster FROM inventory WHERE project = $1 AND app = $2 AND environment = $3 UNION "
    "SELECT cluster FROM hook_runs WHERE project = $1 AND app = $2 AND environment = $3 UNION "
    "SELECT cluster FROM deletion_hooks WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kUidsElsewhere{
    "inventory.uids_elsewhere",
    "SELECT DISTINCT uid FROM inventory WHERE project = $1 AND app = $2 AND environment = $3 AND "
    "cluster <> $4 AND uid <> ''"};
constexpr db::Sql kClaim{
    "inventory.claim",
    "INSERT INTO inventory AS i (cluster, api_group, kind, namespace, name, version, project, "
    "app, environment, state, in_flight) SELECT $1, e.api_group, e.kind, e.namespace, e.name, "
    "e.version, e.project, e.app, e.environment, 'PENDING', true FROM " ENTRIES
    " ON CONFLICT (cluster, api_group, kind, namespace, name) DO UPDATE SET state = 'PENDING', "
    "in_flight = true, updated_at = now() WHERE i.state = 'DELETING' AND i.project = "
    "excluded.project AND i.app = "
    "excluded.app AND i.environment = excluded.environment"};
constexpr db::Sql kWant{"inventory.want",
                        "UPDATE inventory i SET wanted_by = e.project || '/' || e.app || '/' || "
                        "e.environment FROM " ENTRIES " WHERE " SAME_OBJECT " AND NOT (" SAME_OWNER
                        ")"};
constexpr db::Sql kHandOver{
    "inventory.hand_over",
    "UPDATE inventory i SET project = split_part(i.wanted_by, '/', 1), app = "
    "split_part(i.wanted_by, '/', 2), environment = split_part(i.wanted_by, '/', 3), wanted_by = "
    "'', state = 'PENDING', taken_from = CASE WHEN i.taken_from <> '' THEN i.taken_from ELSE "
    "i.project "
    "|| '/' || i.app || '/' || i.environment END, updated_at = now() FROM " ENTRIES
    " WHERE " SAME_OBJECT " AND " SAME_OWNER
    " AND i.wanted_by <> '' RETURNING i.api_group, i.kind, i.namespace, i.name, "
    "i.version, i.project, i.app, i.environment, i.state, i.uid, i.wave, i.options, i.content, "
    "i.seen_uid, i.seen_fields, i.seen_values, i.seen_time, i.seen_generation, i.in_flight, "
    "i.taken_from"};
constexpr db::Sql kOwners{"inventory.owners",
                          "SELECT DISTINCT cluster, project, app, environment FROM inventory"};
constexpr db::Sql kStrays{
    "inventory.strays",
    "SELECT DISTINCT i.cluster, i.project, i.app, i.environment FROM inventory i JOIN "
    "app_environments e ON e.project = i.project AND e.app = i.app AND e.environment = "
    "i.environment WHERE e.cluster <> i.cluster UNION SELECT d.cluster, d.project, d.app, "
    "d.environment FROM deployments d JOIN app_environments e ON e.project = d.project AND e.app = "
    "d.app AND e.environment = d.environment WHERE d.ended_at IS NULL AND d.state = 'SYNCING' AND "
    "e.cluster <> d.cluster"};
constexpr db::Sql kForeign{
    "inventory.foreign",
    "SELECT i.api_group, i.kind, i.namespace, i.name, i.version, i.project, "
    "i.app, i.environment, i.state, i.uid, i.wave, i.options, i.content, "
    "i.seen_uid, i.seen_fields, i.seen_values, i.seen_time, "
    "i.seen_generation, i.in_flight, i.taken_from FROM inventory i JOIN " ENTRIES " ON " SAME_OBJECT
    " WHERE NOT (" SAME_OWNER ")"};
constexpr db::Sql kNoteApplied{
    "inventory.note_applied",
    "UPDATE inventory i SET state = 'APPLIED', version = e.version, uid = e.uid, wave = e.wave, "
    "options = e.options, content = e.content, seen_uid = e.seen_uid, seen_fields = "
    "e.seen_fields, seen_values = e.seen_values, seen_time = e.seen_time, seen_generation = "
    "e.seen_generation, in_flight = false, taken_from = '', updated_at = now() FROM " ENTRIES
    " WHERE " SAME_OBJECT " AND " SAME_OWNER};
constexpr db::Sql kNoteInFlight{"inventory.note_in_flight",
                                "UPDATE inventory i SET in_flight = true, updated_at = now() "
                                "FROM " ENTRIES " WHERE " SAME_OBJECT " AND " SAME_OWNER};
constexpr db::Sql kNoteDeleting{"inventory.note_deleting",
                                "UPDATE inventory i SET state = 'DELETING', updated_at = now() "
                                "FROM " ENTRIES " WHERE " SAME_OBJECT " AND " SAME_OWNER};
constexpr db::Sql kRemove{"inventory.remove", "DELETE FROM inventory i USING " ENTRIES
                                              " WHERE " SAME_OBJECT " AND " SAME_OWNER};

State StateOf(const std::string& name) {
  if (name == "APPLIED") return State::kApplied;
  return name == "DELETING" ? State::kDeleting : State::kPending;
}

InventoryEntry FromRow(const db::Row& row) {
  return {.id = {row.GetString("api_group"), row.GetString("kind"), row.GetString("namespace"),
                 row.GetString("name")},
          .version = row.GetString("version"),
          .owner = {row.GetString("project"), row.GetString("app"), row.GetString("environment")},
          .state = StateOf(row.GetString("state")),
          .uid = row.GetString("uid"),
          .wave = static_cast<int>(row.GetInt64("wave")),
          .options = row.GetString("options"),
          .content = static_cast<uint64_t>(row.GetInt64("content")),
          .seen = {.uid = static_cast<uint64_t>(row.GetInt64("seen_uid")),
                   .fields = static_cast<uint64_t>(row.GetInt64("seen_fields")),
                   .values = static_cast<uint64_t>(row.GetInt64("seen_values")),
                   .time = row.GetInt64("seen_time"),
                   .generation = row.GetInt64("seen_generation")},
          .in_flight = row.GetBool("in_flight"),
          .taken_from = row.GetString("taken_from")};
}

std::vector<InventoryEntry> FromRows(const db::Result& rows) {
  std::vector<InventoryEntry> entries;
  for (const db::Row& row : rows) entries.push_back(FromRow(row));
  return entries;
}

// Digests fill all 64 bits, and SQL knows signed numbers only.
int64_t Signed(uint64_t digest) { return static_cast<int64_t>(digest); }

std::string ToJson(const std::vector<InventoryEntry>& entries) {
  bj::array rows;
  for (const InventoryEntry& entry : entries) {
    rows.push_back({{"api_group", entry.id.group},
                    {"kind", entry.id.kind},
                    {"namespace", entry.id.ns},
                    {"name", entry.id.name},
                    {"version", entry.version},
                    {"project", entry.owner.project},
                    {"app", entry.owner.app},
                    {"environment", entry.owner.environment},
                    {"uid", entry.uid},
                    {"wave", entry.wave},
                    {"options", entry.options},
                    {"content", Signed(entry.content)},
                    {"seen_uid", Signed(entry.seen.uid)},
                    {"seen_fields", Signed(entry.seen.fields)},
                    {"seen_values", Signed(entry.seen.values)},
                    {"seen_time", entry.seen.time},
                    {"seen_generation", entry.seen.generation}});
  }
  return bj::serialize(rows);
}

std::vector<Place> ToPlaces(const db::Result& rows) {
  std::vector<Place> places;
  for (const db::Row& row : rows) {
    places.push_back(
        {row.GetString("cluster"),
         {row.GetString("project"), row.GetString("app"), row.GetString("environment")}});
  }
  return places;
}

}  // namespace

absl::StatusOr<std::vector<InventoryEntry>> OfOwner(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kOfOwner, cluster, owner.project, owner.app, owner.environment));
  return FromRows(rows);
}

absl::StatusOr<std::vector<InventoryEntry>> OfCluster(db::Tx& tx, const std::string& cluster) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kOfCluster, cluster));
  return FromRows(rows);
}

absl::StatusOr<std::vector<std::string>> ClustersOf(db::Tx& tx, const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kClustersOf, owner.project, owner.app, owner.environment));
  std::vector<std::string> clusters;
  for (const db::Row& row : rows) clusters.push_back(row.GetString("cluster"));
  return clusters;
}

absl::StatusOr<std::set<std::string>> UidsElsewhere(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kUidsElsewhere, owner.project, owner.app, owner.environment, cluster));
  std::set<std::string> uids;
  for (const db::Row& row : rows) uids.insert(row.GetString("uid"));
  return uids;
}

absl::StatusOr<std::vector<InventoryEntry>> Claim(db::Tx& tx, const std::string& cluster,
                                                  const std::vector<InventoryEntry>& entries) {
  const std::string json = ToJson(entries);
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kClaim, cluster, json).status());
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kForeign, cluster, json));
  return FromRows(rows);
}

absl::Status Want(db::Tx& tx, const std::string& cluster,
                  const std::vector<InventoryEntry>& entries) {
  return tx.Exec(kWant, cluster, ToJson(entries)).status();
}

absl::Status NoteInFlight(db::Tx& tx, const std::string& cluster,
                          const std::vector<InventoryEntry>& entries) {
  return tx.Exec(kNoteInFlight, cluster, ToJson(entries)).status();
}

absl::StatusOr<std::vector<InventoryEntry>> HandOver(db::Tx& tx, const std::string& cluster,
                                                     const std::vector<InventoryEntry>& entries) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kHandOver, cluster, ToJson(entries)));
  return FromRows(rows);
}

absl::StatusOr<std::vector<Place>> Owners(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kOwners));
  return ToPlaces(rows);
}

absl::StatusOr<std::vector<Place>> Strays(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kStrays));
  return ToPlaces(rows);
}

absl::Status NoteApplied(db::Tx& tx, const std::string& cluster,
                         const std::vector<InventoryEntry>& entries) {
  return tx.Exec(kNoteApplied, cluster, ToJson(entries)).status();
}

absl::Status NoteDeleting(db::Tx& tx, const std::string& cluster,
                          const std::vector<InventoryEntry>& entries) {
  return tx.Exec(kNoteDeleting, cluster, ToJson(entries)).status();
}

absl::Status Remove(db::Tx& tx, const std::string& cluster,
                    const std::vector<InventoryEntry>& entries) {
  return tx.Exec(kRemove, cluster, ToJson(entries)).status();
}

}  // namespace slipway::gitops::inventory
