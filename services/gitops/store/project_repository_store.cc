#include "services/gitops/store/project_repository_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::project_repositories {
namespace {

constexpr db::Sql kList{"project_repositories.list",
                        "SELECT project, repository, url, provider_uid FROM project_repositories"};
constexpr db::Sql kSet{
    "project_repositories.set",
    "INSERT INTO project_repositories (project, repository) VALUES ($1, $2) ON CONFLICT (project) "
    "DO UPDATE SET repository = $2, url = '', provider_uid = '', updated_at = now() WHERE "
    "project_repositories.repository <> $2"};
constexpr db::Sql kClear{"project_repositories.clear",
                         "DELETE FROM project_repositories WHERE project = $1"};
constexpr db::Sql kMade{
    "project_repositories.made",
    "UPDATE project_repositories SET url = $3, provider_uid = $4, updated_at = now() WHERE project "
    "= $1 AND repository = $2"};

}  // namespace

absl::StatusOr<std::map<std::string, ProjectRepository>> ListAll(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kList));
  std::map<std::string, ProjectRepository> all;
  for (const db::Row& row : rows) {
    all[row.GetString("project")] = {.repository = row.GetString("repository"),
                                     .url = row.GetString("url"),
                                     .provider_uid = row.GetString("provider_uid")};
  }
  return all;
}

absl::Status Set(db::Tx& tx, const std::string& project, const std::string& repository) {
  if (repository.empty()) return tx.Exec(kClear, project).status();
  return tx.Exec(kSet, project, repository).status();
}

absl::Status SetMade(db::Tx& tx, const std::string& project, const ProjectRepository& made) {
  return tx.Exec(kMade, project, made.repository, made.url, made.provider_uid).status();
}

}  // namespace slipway::gitops::project_repositories
