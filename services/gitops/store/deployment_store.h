#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/domain/manifest.h"

// Deployments as rows. Functions within the caller's transaction. Who changes a state goes through
// Lifecycle.
namespace slipway::gitops::deployments {

// Inserts `deployment`, whose number is taken; the id and the times are filled in. ALREADY_EXISTS:
// the request id was used in this environment before.
absl::Status Insert(db::Tx& tx, Deployment& deployment, const std::vector<Manifest>& manifests,
                    const std::string& request_id);

// An environment and its newest deployment; each is empty where there is none. One statement.
struct Newest {
  std::optional<EnvironmentState> environment;
  std::optional<Deployment> deployment;
};
absl::StatusOr<Newest> GetNewest(db::Tx& tx, const AppEnvironment& where);

absl::StatusOr<std::optional<Deployment>> GetById(db::Tx& tx, int64_t id, bool lock = false);
// What it shall commit; empty: it is not rendered yet. DATA_LOSS: it can't be read.
absl::StatusOr<std::vector<Manifest>> ReadManifests(db::Tx& tx, int64_t id);
// Number 0: the newest. Only those of the app that has the name now, or had it last.
absl::StatusOr<std::optional<Deployment>> Get(db::Tx& tx, const DeploymentName& name);
absl::StatusOr<std::optional<Deployment>> GetByRequest(db::Tx& tx, const AppEnvironment& where,
                                                       const std::string& request_id);

// What waits for its commit. A value.
struct ToCommit {
  std::vector<Deployment> next = {};
  int64_t waiting = 0;                         // all of them
  absl::Time oldest = absl::InfiniteFuture();  // creation of the first of all
};
// The next `limit` to be committed, without those that are not rendered yet. Those that come from
// one source commit take turns with those of others, so that a commit to a thousand apps does not
// keep back one to another app.
absl::StatusOr<ToCommit> NextToCommit(db::Tx& tx, int limit);

// Those of an environment that have not ended, oldest first.
absl::StatusOr<std::vector<Deployment>> ListOpenIn(db::Tx& tx, const AppEnvironment& where);

// Highest order among the deployments of an environment, of one workflow and ref.
absl::StatusOr<std::optional<int64_t>> NewestOrder(db::Tx& tx, const AppEnvironment& where,
                                                   const ImageRecord& image);
// Number of a deployment of this image in the environment; 0: none.
absl::StatusOr<int64_t> DeployedBy(db::Tx& tx, const AppEnvironment& where,
                                   const ImageRecord& image);
// Whether an image of this digest was healthy in the environment.
absl::StatusOr<bool> WasHealthy(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid,
                                const std::string& digest);
// The last healthy deployment before number `before` of another image than that of `than`; where
// that has none, since its app is only synced, of another commit.
absl::StatusOr<std::optional<Deployment>> LastHealthyOther(db::Tx& tx, const Deployment& than,
                                                           int64_t before);

// Writes state, reason, commit, url, progress_by and ended of `deployment`.
absl::Status Update(db::Tx& tx, const Deployment& deployment);

// One page, newest first.
struct Page {
  std::string project = {};  // empty: any
  std::string app = {};
  std::string environment = {};
  bool current_only = false;
  // Unspecified: any. By the health, only the newest of an environment are found.
  DeploymentState state = DeploymentState::DeploymentStatus_State_STATE_UNSPECIFIED;
  Health health = Health::DeploymentStatus_Health_HEALTH_UNSPECIFIED;
  std::optional<absl::Time> before_time = {};  // with before_id: where to go on
  int64_t before_id = 0;
  int limit = 50;
};
// A deployment with what its environment says.
struct Listed {
  Deployment deployment = {};
  EnvironmentState environment = {};
};
absl::StatusOr<std::vector<Listed>> List(db::Tx& tx, const Page& page);
absl::StatusOr<std::optional<Listed>> GetListed(db::Tx& tx, const DeploymentName& name);

}  // namespace slipway::gitops::deployments
