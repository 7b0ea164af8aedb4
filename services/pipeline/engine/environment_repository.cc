#include "services/pipeline/engine/environment_repository.h"

#include <algorithm>
#include <vector>

#include "libs/base/status.h"
#include "services/pipeline/domain/kind.h"
#include "services/pipeline/domain/merge_deploy.h"
#include "services/pipeline/engine/resource_message.h"
#include "services/pipeline/store/resource_store.h"

namespace slipway::pipeline {
namespace {

constexpr int kMaxUsers = 10000;

// What an app, or a workflow of it, says of an environment over what that says itself.
v1::DeploySpec OverrideOf(const store::ResourceRow& row, const std::string& environment) {
  if (row.kind == Kind::kWorkflow) {
    const v1::Workflow workflow = ReadAs<v1::Workflow>(row);
    for (const auto& pipeline : workflow.spec().deployment_pipelines()) {
      if (pipeline.environment() == environment) return pipeline.deploy();
    }
  } else if (row.kind == Kind::kApp) {
    const v1::App app = ReadAs<v1::App>(row);
    for (const auto& target : app.spec().environments()) {
      if (target.environment() == environment) return target.deploy();
    }
  }
  return {};
}

}  // namespace

absl::Status CheckEnvironmentRepository(db::Tx& tx, const v1::Environment& environment,
                                        const std::string& name, Violations* violations) {
  const std::string& wanted = environment.spec().deploy().repository();
  if (wanted.empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto names, store::ListUsers(tx, name, kMaxUsers));
  SLIPWAY_ASSIGN_OR_RETURN(const auto users, store::FindAll(tx, names, store::Lock::kNone));
  for (const store::ResourceRow& user : users) {
    if (user.kind != Kind::kWorkflow && user.kind != Kind::kApp) continue;
    const std::string app_name = user.kind == Kind::kApp ? user.name : AppNameOf(user.name);
    SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::Find(tx, app_name, store::Lock::kNone));
    if (!row) continue;
    const v1::AppSpec app = ReadAs<v1::App>(*row).spec();
    const v1::DeploySpec over = OverrideOf(user, ShortName(name));
    v1::DeploySpec deploy = app.deploy();
    MergeDeploy(environment.spec().deploy(), &deploy);
    MergeDeploy(over, &deploy);
    // A name of its own was checked when it was saved.
    if (deploy.path().empty() || !over.repository().empty()) continue;
    std::vector<std::string> known;
    for (const v1::Repository& repository : app.repositories()) known.push_back(repository.name());
    if (std::find(known.begin(), known.end(), wanted) != known.end()) continue;
    violations->Add("spec.deploy.repository", "app " + ShortName(app_name) +
                                                  " is deployed here and has " +
                                                  NoSuch("repository", wanted, known));
  }
  return absl::OkStatus();
}

}  // namespace slipway::pipeline
