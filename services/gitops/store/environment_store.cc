#include "services/gitops/store/environment_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::environments {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

// A DeploySpec with nothing else.
std::string ToBytes(const IgnoredFields& ignored) {
  slipway::pipeline::v1::DeploySpec spec;
  *spec.mutable_ignore_differences() = ignored;
  return spec.SerializeAsString();
}

IgnoredFields FromBytes(const std::string& bytes) {
  slipway::pipeline::v1::DeploySpec spec;
  spec.ParseFromString(bytes);
  return std::move(*spec.mutable_ignore_differences());
}

constexpr db::Sql kTakeNumber{"environments.take_number",
                              "INSERT INTO app_environments AS e (project, app, environment, "
                              "app_uid, last_number) VALUES ($1, $2, $3, $4, 1) "
                              "ON CONFLICT (project, app, environment) DO UPDATE SET last_number = "
                              "e.last_number + 1, app_uid = $4, removed = false, "
                              "pinned_by = CASE WHEN e.app_uid = $4 THEN e.pinned_by ELSE 0 END, "
                              "suspended_by = CASE WHEN e.app_uid = $4 THEN e.suspended_by ELSE '' "
                              "END, "
                              "updated_at = now() RETURNING " SLIPWAY_ENVIRONMENT_COLUMNS};
constexpr db::Sql kGet{
    "environments.get",
    "SELECT " SLIPWAY_ENVIRONMENT_COLUMNS
    " FROM app_environments e WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kListAll{"environments.list",
                           "SELECT " SLIPWAY_ENVIRONMENT_COLUMNS
                           " FROM app_environments e ORDER BY project, app, environment"};
constexpr db::Sql kListThese{
    "environments.list_these",
    "SELECT " SLIPWAY_ENVIRONMENT_COLUMNS
    " FROM unnest($1::text[], $2::text[], $3::text[]) AS t (p, a, n) JOIN "
    "app_environments e ON e.project = p AND e.app = a AND e.environment = n"};
constexpr db::Sql kListOn{
    "environments.list_on",
    "SELECT project, app, environment FROM app_environments WHERE cluster = $1 UNION SELECT "
    "project, app, environment FROM deployments WHERE cluster = $1 AND ended_at IS NULL AND state "
    "IN ('SYNCING', 'PROGRESSING') UNION SELECT project, app, environment FROM inventory WHERE "
    "cluster = $1"};
constexpr db::Sql kSetApplied{
    "environments.set_applied",
    "UPDATE app_environments SET applied_commit = $4, applied_tree = $5, "
    "applied_from = $6, url = $7, cluster = $8, k8s_namespace = $9, "
    "ignored = $10, updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kSetHealth{"environments.set_health",
                             "UPDATE app_environments SET health = $4, drift = $5, updated_at = "
                             "now() WHERE project = $1 AND app = $2 AND "
                             "environment = $3 AND (health <> $4 OR drift <> $5)"};
constexpr db::Sql kSetRemoved{
    "environments.set_removed",
    "UPDATE app_environments SET removed = true, pinned_by = 0, "
    "applied_commit = '', applied_tree = '', url = '', "
    "health = 'UNKNOWN', drift = '', suspended_by = '', sync_asked_by = '', "
    "sync_failures = 0, sync_hold = 'NONE', sync_hold_reason = '', "
    "updated_at = now() WHERE project = "
    "$1 AND app = $2 AND environment = $3"};
constexpr db::Sql kSetPin{"environments.set_pin",
                          "UPDATE app_environments SET pinned_by = $4, updated_at = now() WHERE "
                          "project = $1 AND app = $2 "
                          "AND environment = $3"};
constexpr db::Sql kClearFloors{
    "environments.clear_floors",
    "DELETE FROM pins WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kSetFloors{
    "environments.set_floors",
    "INSERT INTO pins (project, app, environment, workflow, ref, floor_order) SELECT $1, $2, $3, "
    "workflow, ref, max(image_order) FROM images WHERE app_uid = $4 GROUP BY workflow, ref"};
constexpr db::Sql kPinFloor{
    "environments.pin_floor",
    "SELECT floor_order FROM pins WHERE project = $1 AND app = $2 AND environment = $3 AND "
    "workflow = $4 AND ref = $5"};

}  // namespace

EnvironmentState FromRow(const db::Row& row) {
  EnvironmentState state{
      .where = {row.GetString("project"), row.GetString("app"), row.GetString("environment")},
      .app_uid = row.GetString("app_uid"),
      .last_number = row.GetInt64("last_number"),
      .removed = row.GetBool("removed"),
      .pinned_by = row.GetInt64("pinned_by"),
      .cluster = row.GetString("e_cluster"),
      .k8s_namespace = row.GetString("e_k8s_namespace"),
      .ignored = FromBytes(row.GetBytes("ignored")),
      .applied_commit = row.GetString("applied_commit"),
      .applied_tree = row.GetString("applied_tree"),
      .applied_from = row.GetString("applied_from"),
      .drift = row.GetString("drift"),
      .url = row.GetString("e_url")};
  state.sync = syncs::FromRow(row);
  Status::Health_Parse(row.GetString("health"), &state.health);
  return state;
}

namespace {

absl::StatusOr<std::vector<EnvironmentState>> AllOf(const absl::StatusOr<db::Result>& rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  std::vector<EnvironmentState> all;
  for (const db::Row& row : *rows) all.push_back(FromRow(row));
  return all;
}

}  // namespace

absl::StatusOr<EnvironmentState> TakeNumber(db::Tx& tx, const AppEnvironment& where,
                                            const std::string& app_uid) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kTakeNumber, where.project, where.app,
                                                          where.environment, app_uid));
  return FromRow(rows[0]);
}

absl::StatusOr<std::optional<EnvironmentState>> Get(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kGet, where.project, where.app, where.environment));
  if (rows.empty()) return std::nullopt;
  return FromRow(rows[0]);
}

absl::StatusOr<std::vector<EnvironmentState>> ListAll(db::Tx& tx) {
  return AllOf(tx.Exec(kListAll));
}

absl::StatusOr<std::vector<EnvironmentState>> ListThese(db::Tx& tx,
                                                        const std::vector<AppEnvironment>& names) {
  std::vector<std::string> projects, apps, environments;
  for (const AppEnvironment& where : names) {
    projects.push_back(where.project);
    apps.push_back(where.app);
    environments.push_back(where.environment);
  }
  return AllOf(tx.Exec(kListThese, projects, apps, environments));
}

absl::StatusOr<std::vector<AppEnvironment>> ListOn(db::Tx& tx, const std::string& cluster) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kListOn, cluster));
  std::vector<AppEnvironment> all;
  for (const db::Row& row : rows) {
    all.push_back({row.GetString("project"), row.GetString("app"), row.GetString("environment")});
  }
  return all;
}

absl::Status SetApplied(db::Tx& tx, const AppEnvironment& where, const AppliedState& applied) {
  const std::string ignored = ToBytes(applied.ignored);
  return tx
      .Exec(kSetApplied, where.project, where.app, where.environment, applied.commit, applied.tree,
            applied.from, applied.url, applied.cluster, applied.k8s_namespace, db::Bytes{ignored})
      .status();
}

absl::StatusOr<bool> SetHealth(db::Tx& tx, const AppEnvironment& where, Health health,
                               const std::string& drift) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kSetHealth, where.project, where.app, where.environment,
                                   Status::Health_Name(health), drift));
  return rows.affected_rows() > 0;
}

absl::Status SetRemoved(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kSetRemoved, where.project, where.app, where.environment).status());
  return tx.Exec(kClearFloors, where.project, where.app, where.environment).status();
}

absl::Status Pin(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid,
                 int64_t number) {
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kSetPin, where.project, where.app, where.environment, number).status());
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kClearFloors, where.project, where.app, where.environment).status());
  return tx.Exec(kSetFloors, where.project, where.app, where.environment, app_uid).status();
}

absl::Status Unpin(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kSetPin, where.project, where.app, where.environment, 0).status());
  return tx.Exec(kClearFloors, where.project, where.app, where.environment).status();
}

absl::StatusOr<std::optional<int64_t>> PinFloor(db::Tx& tx, const AppEnvironment& where,
                                                const std::string& workflow,
                                                const std::string& ref) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kPinFloor, where.project, where.app,
                                                          where.environment, workflow, ref));
  if (rows.empty()) return std::nullopt;
  return rows[0].GetInt64("floor_order");
}

}  // namespace slipway::gitops::environments
