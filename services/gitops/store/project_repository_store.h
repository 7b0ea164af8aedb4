#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"

// Which projects have a repository of their own. Functions within the caller's transaction.
namespace slipway::gitops::project_repositories {

struct ProjectRepository {
  std::string repository = {};    // its name
  std::string url = {};           // empty: not known to be there
  std::string provider_uid = {};  // the provider that it is there for
};

// By project.
absl::StatusOr<std::map<std::string, ProjectRepository>> ListAll(db::Tx& tx);
// The project's repository is called `repository` from now on; empty: it has none of its own.
absl::Status Set(db::Tx& tx, const std::string& project, const std::string& repository);
// The repository is there.
absl::Status SetMade(db::Tx& tx, const std::string& project, const ProjectRepository& made);

}  // namespace slipway::gitops::project_repositories
