#include "services/pipeline/store/workflow_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

#define SLIPWAY_PIPELINE_COLUMNS                                                     \
  "SELECT d.app, d.environment, d.after, d.state, d.workflow_id, r.name AS workflow" \
  " FROM deployment_pipelines d JOIN resources r ON r.id = d.workflow_id"

constexpr db::Sql kListOfWorkflow{"deployment_pipelines.list_of_workflow", SLIPWAY_PIPELINE_COLUMNS
                                  " WHERE d.workflow_id = $1 ORDER BY d.environment"};
constexpr db::Sql kFind{
    "deployment_pipelines.find", SLIPWAY_PIPELINE_COLUMNS
    " WHERE d.app = $1 AND d.environment = ANY ($2::text[]) ORDER BY d.environment"};
#undef SLIPWAY_PIPELINE_COLUMNS

constexpr db::Sql kDeleteActive{
    "deployment_pipelines.delete_active",
    "DELETE FROM deployment_pipelines WHERE workflow_id = $1 AND state = 'active'"};
constexpr db::Sql kInsert{"deployment_pipelines.insert",
                          "INSERT INTO deployment_pipelines (app, workflow_id, environment, after)"
                          " SELECT $1, $2, * FROM unnest($3::text[], $4::text[])"};
constexpr db::Sql kMarkDeleting{
    "deployment_pipelines.mark_deleting",
    "UPDATE deployment_pipelines SET state = 'deleting', updated_at = now()"
    " WHERE app = $1 AND environment = $2"};
constexpr db::Sql kDelete{"deployment_pipelines.delete",
                          "DELETE FROM deployment_pipelines WHERE app = $1 AND environment = $2"};
constexpr db::Sql kFacts{"workflows.facts",
                         "SELECT r.id, coalesce(c.next, 1) AS next,"
                         " (SELECT coalesce(array_agg(d.environment ORDER BY d.environment), '{}')"
                         "    FROM deployment_pipelines d WHERE d.workflow_id = r.id AND d.state = "
                         "'deleting') AS deleting"
                         " FROM resources r LEFT JOIN tag_counters c ON c.workflow = r.name WHERE "
                         "r.id = ANY ($1::bigint[])"};
constexpr db::Sql kDeleteRepositories{"app_repositories.delete",
                                      "DELETE FROM app_repositories WHERE app_id = $1"};
constexpr db::Sql kInsertRepositories{"app_repositories.insert",
                                      "INSERT INTO app_repositories (app_id, name, normalized_url)"
                                      " SELECT $1, * FROM unnest($2::text[], $3::text[])"};
constexpr db::Sql kFindByRepository{
    "app_repositories.find_workflows",
    "SELECT w.id AS workflow_id, w.name AS workflow, a.name AS app, p.name AS repository"
    " FROM app_repositories p JOIN resources a ON a.id = p.app_id AND a.state = 'active'"
    " JOIN resources w ON w.parent = a.name AND w.kind = 'workflow'"
    " WHERE p.normalized_url = ANY ($1::text[]) AND w.name > $2 ORDER BY w.name, p.name LIMIT $3"};

absl::StatusOr<std::vector<DeploymentPipelineRow>> RowsOf(absl::StatusOr<db::Result> result) {
  if (!result.ok()) return result.status();
  std::vector<DeploymentPipelineRow> rows;
  for (const db::Row row : *result) {
    rows.push_back({row.GetString("app"), row.GetString("environment"), row.GetString("after"),
                    row.GetString("workflow"), row.GetInt64("workflow_id"),
                    row.GetString("state") == "deleting"});
  }
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<DeploymentPipelineRow>> ListPipelinesOfWorkflow(db::Tx& tx,
                                                                           int64_t workflow_id) {
  return RowsOf(tx.Exec(kListOfWorkflow, workflow_id));
}

absl::StatusOr<std::vector<DeploymentPipelineRow>> FindPipelines(
    db::Tx& tx, std::string_view app, const std::vector<std::string>& environments) {
  return RowsOf(tx.Exec(kFind, app, environments));
}

absl::Status ReplacePipelines(
    db::Tx& tx, std::string_view app, int64_t workflow_id,
    const std::vector<std::pair<std::string, std::string>>& environment_and_after) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kDeleteActive, workflow_id).status());
  std::vector<std::string> environments, afters;
  for (const auto& [environment, after] : environment_and_after) {
    environments.push_back(environment);
    afters.push_back(after);
  }
  if (environments.empty()) return absl::OkStatus();
  return tx.Exec(kInsert, app, workflow_id, environments, afters).status();
}

absl::Status MarkPipelineDeleting(db::Tx& tx, std::string_view app, std::string_view environment) {
  return tx.Exec(kMarkDeleting, app, environment).status();
}

absl::Status DeletePipeline(db::Tx& tx, std::string_view app, std::string_view environment) {
  return tx.Exec(kDelete, app, environment).status();
}

absl::StatusOr<std::map<int64_t, WorkflowFacts>> FindWorkflowFacts(
    db::Tx& tx, const std::vector<int64_t>& workflow_ids) {
  std::map<int64_t, WorkflowFacts> facts;
  if (workflow_ids.empty()) return facts;
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kFacts, workflow_ids));
  for (const db::Row row : result) {
    facts[row.GetInt64("id")] = {row.GetInt64("next"), row.GetTextArray("deleting")};
  }
  return facts;
}

absl::Status ReplaceRepositories(
    db::Tx& tx, int64_t app_id,
    const std::vector<std::pair<std::string, std::string>>& repositories) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kDeleteRepositories, app_id).status());
  std::vector<std::string> names, urls;
  for (const auto& [name, url] : repositories) {
    names.push_back(name);
    urls.push_back(url);
  }
  if (names.empty()) return absl::OkStatus();
  return tx.Exec(kInsertRepositories, app_id, names, urls).status();
}

absl::StatusOr<std::vector<RepositoryMatch>> FindByRepository(
    db::Tx& tx, const std::vector<std::string>& normalized_urls, std::string_view after_name,
    int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result,
                           tx.Exec(kFindByRepository, normalized_urls, after_name, limit));
  std::vector<RepositoryMatch> matches;
  for (const db::Row row : result) {
    matches.push_back({row.GetInt64("workflow_id"), row.GetString("workflow"), row.GetString("app"),
                       row.GetString("repository")});
  }
  return matches;
}

}  // namespace slipway::pipeline::store
