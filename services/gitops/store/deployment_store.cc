#include "services/gitops/store/deployment_store.h"

#include "libs/base/status.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/manifest_json.h"

namespace slipway::gitops::deployments {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

#define DEPLOYMENT_COLUMNS                                                                        \
  "d.id, d.project, d.app, d.environment, d.number, d.app_uid, d.state, d.reason, d.image_name, " \
  "d.reference, d.digest, "                                                                       \
  "d.image_order, d.image_ref, d.source_commit, d.subject, d.run, d.workflow, d.actor, "          \
  "d.rollback_of, d.pinned, "                                                                     \
  "d.deploy, d.strategy, d.cluster, d.k8s_namespace, d.commit_id, d.url, "                        \
  "d.traceparent, "                                                                               \
  "d.progress_by, d.ended_at, "                                                                   \
  "d.created_at"

Deployment FromRow(const db::Row& row) {
  Deployment deployment{
      .id = row.GetInt64("id"),
      .where = {row.GetString("project"), row.GetString("app"), row.GetString("environment")},
      .number = row.GetInt64("number"),
      .app_uid = row.GetString("app_uid"),
      .state = ParseState(row.GetString("state")).value_or(Status::STATE_UNSPECIFIED),
      .reason = row.GetString("reason"),
      .image = {.name = row.GetString("image_name"),
                .app_uid = row.GetString("app_uid"),
                .project = row.GetString("project"),
                .app = row.GetString("app"),
                .workflow = row.GetString("workflow"),
                .reference = row.GetString("reference"),
                .digest = row.GetString("digest"),
                .run = row.GetString("run"),
                .commit = row.GetString("source_commit"),
                .ref = row.GetString("image_ref"),
                .order = row.GetInt64("image_order"),
                .subject = row.GetString("subject"),
                .traceparent = row.GetString("traceparent")},
      .actor = row.GetString("actor"),
      .rollback_of = row.GetInt64("rollback_of"),
      .pinned = row.GetBool("pinned"),
      .cluster = row.GetString("cluster"),
      .k8s_namespace = row.GetString("k8s_namespace"),
      .commit = row.GetString("commit_id"),
      .url = row.GetString("url"),
      .traceparent = row.GetString("traceparent"),
      .created = row.GetTime("created_at"),
      .progress_by = row.GetOptionalTime("progress_by"),
      .ended = row.GetOptionalTime("ended_at")};
  deployment.deploy.ParseFromString(row.GetBytes("deploy"));
  deployment.strategy.ParseFromString(row.GetBytes("strategy"));
  return deployment;
}

// What both have under one name has one value by the join.
#define LISTED_COLUMNS SLIPWAY_ENVIRONMENT_COLUMNS ", " DEPLOYMENT_COLUMNS
// PostgreSQL knows nothing of how columns of two tables go together: by plain comparisons it
// expects a single row, and reads and sorts all of them for one page. What stands in coalesce() it
// takes to hold for half of the rows.
#define LISTED_FROM                                                                             \
  " FROM deployments d JOIN app_environments e ON e.project = d.project AND e.app = d.app AND " \
  "e.environment = d.environment AND coalesce(e.app_uid = d.app_uid, false) "

constexpr db::Sql kInsert{
    "deployments.insert",
    "INSERT INTO deployments (project, app, environment, number, app_uid, "
    "state, reason, image_name, reference, digest, "
    "image_order, image_ref, source_commit, subject, run, workflow, actor, "
    "rollback_of, pinned, request_id, deploy, "
    "strategy, cluster, k8s_namespace, manifests, traceparent, created_at) VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
    "$14, $15, $16, $17, $18, $19, nullif($20, ''), $21, $22, $23, "
    "$24, $25::jsonb, $26, date_trunc('milliseconds', now())) "
    "RETURNING id, created_at"};
constexpr db::Sql kGetById{"deployments.get_by_id",
                           "SELECT " DEPLOYMENT_COLUMNS " FROM deployments d WHERE id = $1"};
constexpr db::Sql kLockById{"deployments.lock_by_id",
                            "SELECT " DEPLOYMENT_COLUMNS
                            " FROM deployments d WHERE id = $1 FOR UPDATE"};
constexpr db::Sql kReadManifests{"deployments.read_manifests",
                                 "SELECT manifests FROM deployments WHERE id = $1"};
constexpr db::Sql kGet{"deployments.get",
                       "SELECT " LISTED_COLUMNS LISTED_FROM
                       "WHERE d.project = $1 AND d.app = $2 AND d.environment = $3 AND "
                       "d.number = CASE WHEN $4 = 0 THEN e.last_number ELSE $4 END"};
constexpr db::Sql kNewest{
    "deployments.newest",
    "SELECT " LISTED_COLUMNS
    " FROM app_environments e LEFT JOIN deployments d ON d.project = e.project AND d.app = e.app "
    "AND d.environment = e.environment AND d.number = e.last_number AND d.app_uid = e.app_uid "
    "WHERE e.project = $1 AND e.app = $2 AND e.environment = $3"};
constexpr db::Sql kGetByRequest{
    "deployments.get_by_request",
    "SELECT " DEPLOYMENT_COLUMNS
    " FROM deployments d WHERE project = $1 AND app = $2 AND environment = $3 AND request_id = $4"};
// One statement, and so one snapshot: between two of them a source may be rendered.
// One after the other of each commit that they come from.
constexpr db::Sql kToCommit{
    "deployments.to_commit",
    "WITH waiting AS (SELECT d.id, row_number() OVER (PARTITION BY d.source_commit ORDER BY d.id) "
    "AS turn, count(*) OVER () AS total, min(d.created_at) OVER () AS oldest FROM deployments d "
    "WHERE d.ended_at IS NULL AND d.state IN ('PENDING', 'COMMITTING') AND NOT EXISTS (SELECT 1 "
    "FROM deployment_sources s WHERE s.deployment_id = d.id AND NOT s.rendered) "
    "ORDER BY turn, d.id LIMIT $1) SELECT " DEPLOYMENT_COLUMNS
    ", w.total, w.oldest FROM waiting w JOIN deployments d ON d.id = w.id ORDER BY w.turn, d.id"};
constexpr db::Sql kListOpenIn{
    "deployments.list_open_in",
    "SELECT " DEPLOYMENT_COLUMNS
    " FROM deployments d WHERE ended_at IS NULL AND project = $1 AND app = $2 AND environment = $3 "
    "ORDER BY number FOR UPDATE"};
constexpr db::Sql kNewestOrder{"deployments.newest_order",
                               "SELECT max(image_order) AS newest FROM deployments WHERE project = "
                               "$1 AND app = $2 AND environment = $3 AND "
                               "app_uid = $4 AND workflow = $5 AND image_ref = $6"};
constexpr db::Sql kDeployedBy{
    "deployments.deployed_by",
    "SELECT coalesce(max(number), 0) AS number FROM deployments WHERE project = $1 AND app = $2 "
    "AND environment = $3 AND app_uid = $4 AND image_name = $5"};
constexpr db::Sql kWasHealthy{
    "deployments.was_healthy",
    "SELECT EXISTS (SELECT 1 FROM deployments WHERE project = $1 AND app = $2 AND environment = $3 "
    "AND app_uid = $4 AND digest = $5 AND state = 'HEALTHY') AS found"};
constexpr db::Sql kLastHealthyOther{
    "deployments.last_healthy_other",
    "SELECT " DEPLOYMENT_COLUMNS
    " FROM deployments d WHERE project = $1 AND app = $2 AND environment = $3 AND app_uid = $4 AND "
    "number < $5 AND state = 'HEALTHY' AND (digest <> $6 OR (digest = '' AND source_commit <> $7)) "
    "ORDER BY number DESC LIMIT 1"};
constexpr db::Sql kUpdate{
    "deployments.update",
    "UPDATE deployments SET state = $2, reason = $3, commit_id = $4, url = $5, progress_by = $6, "
    "ended_at = $7, updated_at = now() WHERE id = $1"};
// Until the end of the transaction.
constexpr db::Sql kPlanEach{"deployments.plan_each",
                            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"};
constexpr db::Sql kList{
    "deployments.list",
    "SELECT " LISTED_COLUMNS LISTED_FROM
    "WHERE ($1 = '' OR d.project = $1) AND ($2 = '' OR d.app = $2) AND ($3 = '' OR d.environment = "
    "$3) AND "
    "(NOT $4 OR (coalesce(d.number = e.last_number, false) AND NOT e.removed)) AND "
    "(d.created_at, d.id) < ($5, $6) AND ($8 = '' OR d.state = $8) AND ($9 = '' OR (e.health = $9 "
    "AND coalesce(d.number = e.last_number, false))) "
    "ORDER BY d.created_at DESC, d.id DESC LIMIT $7"};

absl::StatusOr<std::optional<Deployment>> First(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return std::nullopt;
  return FromRow((*rows)[0]);
}

absl::StatusOr<std::vector<Deployment>> All(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  std::vector<Deployment> all;
  for (const db::Row& row : *rows) all.push_back(FromRow(row));
  return all;
}

}  // namespace

absl::Status Insert(db::Tx& tx, Deployment& deployment, const std::vector<Manifest>& manifests,
                    const std::string& request_id) {
  const std::string deploy = deployment.deploy.SerializeAsString();
  const std::string strategy = deployment.strategy.SerializeAsString();
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kInsert, deployment.where.project, deployment.where.app, deployment.where.environment,
              deployment.number, deployment.app_uid, StateName(deployment.state), deployment.reason,
              deployment.image.name, deployment.image.reference, deployment.image.digest,
              deployment.image.order, deployment.image.ref, deployment.image.commit,
              deployment.image.subject, deployment.image.run, deployment.image.workflow,
              deployment.actor, deployment.rollback_of, deployment.pinned, request_id,
              db::Bytes{deploy}, db::Bytes{strategy}, deployment.cluster, deployment.k8s_namespace,
              ManifestsToJson(manifests), deployment.traceparent));
  deployment.id = rows[0].GetInt64("id");
  deployment.created = rows[0].GetTime("created_at");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Deployment>> GetById(db::Tx& tx, int64_t id, bool lock) {
  return First(tx.Exec(lock ? kLockById : kGetById, id));
}

absl::StatusOr<std::vector<Manifest>> ReadManifests(db::Tx& tx, int64_t id) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kReadManifests, id));
  if (rows.empty()) return absl::NotFoundError("no deployment " + std::to_string(id));
  return ManifestsFromJson(rows[0].GetString("manifests"));
}

absl::StatusOr<std::optional<Deployment>> Get(db::Tx& tx, const DeploymentName& name) {
  SLIPWAY_ASSIGN_OR_RETURN(auto listed, GetListed(tx, name));
  if (!listed) return std::nullopt;
  return std::move(listed->deployment);
}

absl::StatusOr<Newest> GetNewest(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kNewest, where.project, where.app, where.environment));
  Newest newest;
  if (rows.empty()) return newest;
  newest.environment = environments::FromRow(rows[0]);
  if (rows[0].GetOptionalInt64("id")) newest.deployment = FromRow(rows[0]);
  return newest;
}

absl::StatusOr<std::optional<Deployment>> GetByRequest(db::Tx& tx, const AppEnvironment& where,
                                                       const std::string& request_id) {
  return First(tx.Exec(kGetByRequest, where.project, where.app, where.environment, request_id));
}

absl::StatusOr<ToCommit> NextToCommit(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kToCommit, limit));
  ToCommit queue;
  for (const db::Row& row : rows) {
    queue.next.push_back(FromRow(row));
    queue.waiting = row.GetInt64("total");
    queue.oldest = row.GetTime("oldest");
  }
  return queue;
}

absl::StatusOr<std::vector<Deployment>> ListOpenIn(db::Tx& tx, const AppEnvironment& where) {
  return All(tx.Exec(kListOpenIn, where.project, where.app, where.environment));
}

absl::StatusOr<std::optional<int64_t>> NewestOrder(db::Tx& tx, const AppEnvironment& where,
                                                   const ImageRecord& image) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kNewestOrder, where.project, where.app, where.environment,
                                   image.app_uid, image.workflow, image.ref));
  return rows[0].GetOptionalInt64("newest");
}

absl::StatusOr<int64_t> DeployedBy(db::Tx& tx, const AppEnvironment& where,
                                   const ImageRecord& image) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kDeployedBy, where.project, where.app, where.environment, image.app_uid, image.name));
  return rows[0].GetInt64("number");
}

absl::StatusOr<bool> WasHealthy(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid,
                                const std::string& digest) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kWasHealthy, where.project, where.app,
                                                          where.environment, app_uid, digest));
  return rows[0].GetBool("found");
}

absl::StatusOr<std::optional<Deployment>> LastHealthyOther(db::Tx& tx, const Deployment& than,
                                                           int64_t before) {
  const AppEnvironment& where = than.where;
  return First(tx.Exec(kLastHealthyOther, where.project, where.app, where.environment, than.app_uid,
                       before, than.image.digest, than.image.commit));
}

absl::Status Update(db::Tx& tx, const Deployment& deployment) {
  return tx
      .Exec(kUpdate, deployment.id, StateName(deployment.state), deployment.reason,
            deployment.commit, deployment.url, deployment.progress_by, deployment.ended)
      .status();
}

absl::StatusOr<std::vector<Listed>> List(db::Tx& tx, const Page& page) {
  // One plan for all questions and page sizes would fit none of them.
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kPlanEach).status());
  const std::string state =
      page.state == Status::STATE_UNSPECIFIED ? "" : std::string(StateName(page.state));
  const std::string health =
      page.health == Status::HEALTH_UNSPECIFIED ? "" : Status::Health_Name(page.health);
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kList, page.project, page.app, page.environment, page.current_only,
              page.before_time.value_or(absl::InfiniteFuture()), page.before_id, page.limit, state,
              health));
  std::vector<Listed> listed;
  for (const db::Row& row : rows) listed.push_back({FromRow(row), environments::FromRow(row)});
  return listed;
}

absl::StatusOr<std::optional<Listed>> GetListed(db::Tx& tx, const DeploymentName& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kGet, name.where.project, name.where.app,
                                                          name.where.environment, name.number));
  if (rows.empty()) return std::nullopt;
  return Listed{FromRow(rows[0]), environments::FromRow(rows[0])};
}

}  // namespace slipway::gitops::deployments
