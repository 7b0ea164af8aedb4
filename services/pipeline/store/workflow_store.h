#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"
#include "services/pipeline/store/resource_store.h"

// Rows that are kept beside the specs of apps and workflows, for the questions that specs can't
// answer quickly.
namespace slipway::pipeline::store {

struct DeploymentPipelineRow {
  std::string app;          // projects/P/apps/A
  std::string environment;  // id
  std::string after;        // id of an environment, or empty
  std::string workflow;     // its name
  int64_t workflow_id = 0;
  bool deleting = false;
};

absl::StatusOr<std::vector<DeploymentPipelineRow>> ListPipelinesOfWorkflow(db::Tx& tx,
                                                                           int64_t workflow_id);
// Those of the app to any of the environments (ids), in whatever workflow.
absl::StatusOr<std::vector<DeploymentPipelineRow>> FindPipelines(
    db::Tx& tx, std::string_view app, const std::vector<std::string>& environments);
// Replaces the active ones of a workflow. ALREADY_EXISTS with deployment_pipelines_pkey.
absl::Status ReplacePipelines(
    db::Tx& tx, std::string_view app, int64_t workflow_id,
    const std::vector<std::pair<std::string, std::string>>& environment_and_after);
absl::Status MarkPipelineDeleting(db::Tx& tx, std::string_view app, std::string_view environment);
absl::Status DeletePipeline(db::Tx& tx, std::string_view app, std::string_view environment);

// What the status of workflows shows, by workflow id.
struct WorkflowFacts {
  int64_t next_tag_number = 1;
  std::vector<std::string> deleting_environments;
};
absl::StatusOr<std::map<int64_t, WorkflowFacts>> FindWorkflowFacts(
    db::Tx& tx, const std::vector<int64_t>& workflow_ids);

// Replaces the repositories of an app: (name, normal form of the URL).
absl::Status ReplaceRepositories(
    db::Tx& tx, int64_t app_id,
    const std::vector<std::pair<std::string, std::string>>& repositories);

// A workflow whose app has a repository with one of the URLs.
struct RepositoryMatch {
  int64_t workflow_id = 0;
  std::string workflow;    // name
  std::string app;         // name
  std::string repository;  // name in the app
};
// Of active apps, whose workflows' names come after `after_name`, by name.
absl::StatusOr<std::vector<RepositoryMatch>> FindByRepository(
    db::Tx& tx, const std::vector<std::string>& normalized_urls, std::string_view after_name,
    int limit);

}  // namespace slipway::pipeline::store
