#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/domain/manifest.h"
#include "slipway/pipeline/v1/resources.pb.h"

// Deployments that are rendered from a repository, and apps that are only synced. Functions within
// the caller's transaction.
namespace slipway::gitops::sources {

// The deployment waits until it is rendered from `repository`.
absl::Status Add(db::Tx& tx, int64_t deployment_id,
                 const slipway::pipeline::v1::Repository& repository);

// A deployment to be rendered.
struct Waiting {
  int64_t deployment_id = 0;
  slipway::pipeline::v1::Repository repository = {};
  int attempts = 0;
};
// Those whose time has come and that have not ended; those of one source commit take turns with
// those of others.
absl::StatusOr<std::vector<Waiting>> Due(db::Tx& tx, int limit);
absl::Status Postpone(db::Tx& tx, int64_t deployment_id, absl::Duration delay);
// Writes what was rendered, from which commit, and the settings with that commit as revision.
absl::Status SetRendered(db::Tx& tx, int64_t deployment_id, const std::string& commit,
                         const std::vector<Manifest>& manifests,
                         const slipway::pipeline::v1::DeploySpec& deploy);
// Repository of a deployment; empty: it was not rendered from one.
absl::StatusOr<std::optional<slipway::pipeline::v1::Repository>> RepositoryOf(
    db::Tx& tx, int64_t deployment_id);
// URL of the repository that the folder of an app in Git was rendered from last; empty: of none.
absl::StatusOr<std::string> FolderSource(db::Tx& tx, const AppEnvironment& where);

// An app that is only synced, in one environment.
struct SyncedApp {
  AppEnvironment where = {};
  std::string app_uid = {};
  slipway::pipeline::v1::Repository repository = {};
  slipway::pipeline::v1::DeploySpec deploy = {};  // merged
  std::string cluster = {};
  std::string k8s_namespace = {};
  std::string commit = {};       // of the repository, looked at last
  std::string render_key = {};   // of what was deployed last
  std::string held_commit = {};  // was not deployed, since the environment is held
  std::string problem = {};      // why the last look came to nothing
};
absl::StatusOr<std::vector<SyncedApp>> ListSynced(db::Tx& tx);
// Writes the definition; what was seen stays, as long as it is the same app.
absl::Status PutSynced(db::Tx& tx, const SyncedApp& app);
absl::Status SetSeen(db::Tx& tx, const SyncedApp& app);
// Somebody deployed this commit, which renders to `key`.
absl::Status SetDeployed(db::Tx& tx, const AppEnvironment& where, const std::string& commit,
                         const std::string& key);
// Forgets the app's environments but those of `keep`; those that went.
absl::StatusOr<std::vector<AppEnvironment>> ForgetSynced(db::Tx& tx, const AppEnvironment& app,
                                                         const std::vector<std::string>& keep);

// The definition of an app has changed; without an app: that of an environment.
absl::Status AddChange(db::Tx& tx, const AppEnvironment& what);
struct Change {
  AppEnvironment what = {};
  int attempts = 0;
};
absl::StatusOr<std::vector<Change>> DueChanges(db::Tx& tx, int limit);
absl::Status PostponeChange(db::Tx& tx, const AppEnvironment& what, absl::Duration delay);
absl::Status FinishChange(db::Tx& tx, const AppEnvironment& what);

}  // namespace slipway::gitops::sources
