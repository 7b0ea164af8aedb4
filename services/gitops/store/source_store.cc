#include "services/gitops/store/source_store.h"

#include "libs/base/status.h"
#include "services/gitops/store/manifest_json.h"

namespace slipway::gitops::sources {
namespace {

constexpr db::Sql kAdd{
    "sources.add", "INSERT INTO deployment_sources (deployment_id, repository) VALUES ($1, $2)"};
constexpr db::Sql kDue{
    "sources.due",
    "SELECT s.deployment_id, s.repository, s.attempts FROM deployment_sources s JOIN deployments d "
    "ON d.id = s.deployment_id WHERE NOT s.rendered AND s.next_attempt <= now() AND d.ended_at IS "
    "NULL ORDER BY row_number() OVER (PARTITION BY d.source_commit ORDER BY d.id), d.id LIMIT $1"};
constexpr db::Sql kPostpone{
    "sources.postpone",
    "UPDATE deployment_sources SET attempts = attempts + 1, next_attempt = now() + $2::interval, "
    "updated_at = now() WHERE deployment_id = $1"};
constexpr db::Sql kSetRendered{
    "sources.set_rendered",
    "UPDATE deployment_sources SET rendered = true, commit_id = $2, updated_at = now() WHERE "
    "deployment_id = $1"};
constexpr db::Sql kSetManifests{
    "sources.set_manifests",
    "UPDATE deployments SET manifests = $2::jsonb, deploy = $3, updated_at = now() WHERE id = $1"};
constexpr db::Sql kRepositoryOf{
    "sources.repository_of", "SELECT repository FROM deployment_sources WHERE deployment_id = $1"};
// What is being pushed counts: it may be in Git already.
constexpr db::Sql kFolderSource{
    "sources.folder_source",
    "SELECT s.repository FROM (SELECT id FROM deployments WHERE project = $1 AND app = $2 AND "
    "environment = $3 AND (commit_id <> '' OR state = 'COMMITTING') ORDER BY number DESC LIMIT 1) "
    "d JOIN deployment_sources s ON s.deployment_id = d.id"};

#define SYNCED_COLUMNS                                                                          \
  "project, app, environment, app_uid, repository, deploy, cluster, k8s_namespace, commit_id, " \
  "render_key, held_commit, problem"
constexpr db::Sql kListSynced{
    "synced.list", "SELECT " SYNCED_COLUMNS " FROM synced_apps ORDER BY project, app, environment"};
constexpr db::Sql kPutSynced{
    "synced.put",
    "INSERT INTO synced_apps AS s (project, app, environment, app_uid, repository, deploy, "
    "cluster, k8s_namespace) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (project, app, "
    "environment) DO UPDATE SET app_uid = $4, repository = $5, deploy = $6, cluster = $7, "
    "k8s_namespace = $8, commit_id = '', "
    "render_key = CASE WHEN s.app_uid = $4 AND s.cluster = $7 THEN s.render_key ELSE '' END, "
    "problem = '', updated_at = now()"};
constexpr db::Sql kSetSeen{
    "synced.set_seen",
    "UPDATE synced_apps SET commit_id = $4, render_key = $5, held_commit = $6, problem = $7, "
    "updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kSetDeployed{
    "synced.set_deployed",
    "UPDATE synced_apps SET commit_id = $4, render_key = $5, held_commit = '', problem = '', "
    "updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kForgetSynced{
    "synced.forget",
    "DELETE FROM synced_apps WHERE project = $1 AND app = $2 AND environment <> ALL ($3::text[]) "
    "RETURNING project, app, environment"};
constexpr db::Sql kAddChange{
    "synced.add_change",
    "INSERT INTO synced_changes (project, app, environment) VALUES ($1, $2, $3) ON CONFLICT "
    "(project, app, environment) DO UPDATE SET attempts = 0, next_attempt = now(), updated_at = "
    "now()"};
constexpr db::Sql kDueChanges{
    "synced.due_changes",
    "SELECT project, app, environment, attempts FROM synced_changes WHERE next_attempt <= now() "
    "ORDER BY created_at LIMIT $1"};
constexpr db::Sql kPostponeChange{
    "synced.postpone_change",
    "UPDATE synced_changes SET attempts = attempts + 1, next_attempt = now() + $4::interval, "
    "updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kFinishChange{
    "synced.finish_change",
    "DELETE FROM synced_changes WHERE project = $1 AND app = $2 AND environment = $3"};

AppEnvironment WhereOf(const db::Row& row) {
  return {row.GetString("project"), row.GetString("app"), row.GetString("environment")};
}

SyncedApp FromRow(const db::Row& row) {
  SyncedApp app{.where = WhereOf(row),
                .app_uid = row.GetString("app_uid"),
                .cluster = row.GetString("cluster"),
                .k8s_namespace = row.GetString("k8s_namespace"),
                .commit = row.GetString("commit_id"),
                .render_key = row.GetString("render_key"),
                .held_commit = row.GetString("held_commit"),
                .problem = row.GetString("problem")};
  app.repository.ParseFromString(row.GetBytes("repository"));
  app.deploy.ParseFromString(row.GetBytes("deploy"));
  return app;
}

}  // namespace

absl::Status Add(db::Tx& tx, int64_t deployment_id,
                 const slipway::pipeline::v1::Repository& repository) {
  const std::string bytes = repository.SerializeAsString();
  return tx.Exec(kAdd, deployment_id, db::Bytes{bytes}).status();
}

absl::StatusOr<std::vector<Waiting>> Due(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDue, limit));
  std::vector<Waiting> due;
  for (const db::Row& row : rows) {
    Waiting waiting{.deployment_id = row.GetInt64("deployment_id"),
                    .attempts = row.GetInt("attempts")};
    waiting.repository.ParseFromString(row.GetBytes("repository"));
    due.push_back(std::move(waiting));
  }
  return due;
}

absl::Status Postpone(db::Tx& tx, int64_t deployment_id, absl::Duration delay) {
  return tx.Exec(kPostpone, deployment_id, delay).status();
}

absl::Status SetRendered(db::Tx& tx, int64_t deployment_id, const std::string& commit,
                         const std::vector<Manifest>& manifests,
                         const slipway::pipeline::v1::DeploySpec& deploy) {
  const std::string bytes = deploy.SerializeAsString();
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kSetManifests, deployment_id, ManifestsToJson(manifests), db::Bytes{bytes}).status());
  return tx.Exec(kSetRendered, deployment_id, commit).status();
}

absl::StatusOr<std::optional<slipway::pipeline::v1::Repository>> RepositoryOf(
    db::Tx& tx, int64_t deployment_id) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kRepositoryOf, deployment_id));
  for (const db::Row& row : rows) {
    slipway::pipeline::v1::Repository repository;
    repository.ParseFromString(row.GetBytes("repository"));
    return repository;
  }
  return std::nullopt;
}

absl::StatusOr<std::string> FolderSource(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kFolderSource, where.project, where.app, where.environment));
  if (rows.empty()) return std::string();
  slipway::pipeline::v1::Repository repository;
  if (!repository.ParseFromString(rows[0].GetBytes("repository"))) {
    return absl::DataLossError("a stored repository can't be read");
  }
  return repository.url();
}

absl::StatusOr<std::vector<SyncedApp>> ListSynced(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kListSynced));
  std::vector<SyncedApp> apps;
  for (const db::Row& row : rows) apps.push_back(FromRow(row));
  return apps;
}

absl::Status PutSynced(db::Tx& tx, const SyncedApp& app) {
  const std::string repository = app.repository.SerializeAsString();
  const std::string deploy = app.deploy.SerializeAsString();
  return tx
      .Exec(kPutSynced, app.where.project, app.where.app, app.where.environment, app.app_uid,
            db::Bytes{repository}, db::Bytes{deploy}, app.cluster, app.k8s_namespace)
      .status();
}

absl::Status SetSeen(db::Tx& tx, const SyncedApp& app) {
  return tx
      .Exec(kSetSeen, app.where.project, app.where.app, app.where.environment, app.commit,
            app.render_key, app.held_commit, app.problem)
      .status();
}

absl::Status SetDeployed(db::Tx& tx, const AppEnvironment& where, const std::string& commit,
                         const std::string& key) {
  return tx.Exec(kSetDeployed, where.project, where.app, where.environment, commit, key).status();
}

absl::StatusOr<std::vector<AppEnvironment>> ForgetSynced(db::Tx& tx, const AppEnvironment& app,
                                                         const std::vector<std::string>& keep) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kForgetSynced, app.project, app.app, keep));
  std::vector<AppEnvironment> gone;
  for (const db::Row& row : rows) gone.push_back(WhereOf(row));
  return gone;
}

absl::Status AddChange(db::Tx& tx, const AppEnvironment& what) {
  return tx.Exec(kAddChange, what.project, what.app, what.environment).status();
}

absl::StatusOr<std::vector<Change>> DueChanges(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDueChanges, limit));
  std::vector<Change> due;
  for (const db::Row& row : rows) due.push_back({WhereOf(row), row.GetInt("attempts")});
  return due;
}

absl::Status PostponeChange(db::Tx& tx, const AppEnvironment& what, absl::Duration delay) {
  return tx.Exec(kPostponeChange, what.project, what.app, what.environment, delay).status();
}

absl::Status FinishChange(db::Tx& tx, const AppEnvironment& what) {
  return tx.Exec(kFinishChange, what.project, what.app, what.environment).status();
}

}  // namespace slipway::gitops::sources
