#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/events/event.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/source/source_renderer.h"
#include "services/gitops/source/source_repository.h"
#include "services/gitops/store/source_store.h"

namespace slipway::gitops {

// Apps that are only synced: follows the revision that each names, and makes a deployment when what
// stands at its path would render to something else; what happens elsewhere in the repository
// makes none. An environment that is held by a rollback gets none until somebody deploys again.
// Level-triggered, with one fetch for all apps of a repository, several repositories at once; apps
// whose definition changed are looked at without the others. Owned by App; thread-safe.
class SyncedApps {
 public:
  struct Parts {
    db::Pool& pool;
    Lifecycle& lifecycle;
    PipelinePeer& pipeline;
    SourceRepository& repositories;
    SourceRenderer& renderer;
  };
  SyncedApps(Parts parts, absl::Duration fetch_interval)
      : parts_(parts),
        fetch_interval_(fetch_interval),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  // Looks at what changed.
  void Wake() { loop_.Wake(); }
  // Something was pushed to the repository with this URL, which may be anybody's.
  void NotePush(const std::string& url);

  // Keeps app.changed and environment.changed for the next pass.
  absl::Status OnEvent(db::Tx& tx, const events::Event& event);

  // What "deploy now" of an app that is only synced makes: its revision as it is on the host.
  absl::StatusOr<NewestSource> Newest(
      const AppEnvironment& where,
      const slipway::pipeline::v1::ResolveDeploymentResponse& resolved);

  // One pass: definitions that changed, then the repositories that are due, and of the others the
  // apps that were never looked at; how long until the next.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  using Place = std::pair<std::string, std::string>;  // URL and account of a repository
  using Group = std::vector<sources::SyncedApp>;
  // What a look found: what is written about it, and the deployment that it makes.
  struct Found {
    sources::SyncedApp app = {};
    std::string before = {};  // commit of the last look
    std::string key = {};
    std::string subject = {};
  };

  absl::Status TakeChange(const sources::Change& change);
  absl::Status Refresh(const AppEnvironment& app);
  // By repository: all where it is due, else those that were never looked at.
  std::vector<Group> GroupsOf(std::vector<sources::SyncedApp> apps);
  void Look(const Group& group, const std::stop_token& stop);
  // Empty: nothing new.
  absl::StatusOr<std::optional<Found>> LookAt(sources::SyncedApp app, const std::string& commit,
                                              const git::Repository& repository);
  // Several in one transaction, or each in its own where that fails.
  void TakeAll(const std::vector<Found>& found);
  absl::Status Take(db::Tx& tx, Found found);
  void NoteProblem(sources::SyncedApp app, const absl::Status& status);

  const Parts parts_;
  const absl::Duration fetch_interval_;
  std::map<Place, absl::Time> looked_;  // when all apps of a repository were; of the loop's thread
  Mutex mu_;
  std::set<std::string> pushed_ SLIPWAY_GUARDED_BY(mu_);  // since the last pass, normalised
  WakeLoop loop_;
};

}  // namespace slipway::gitops
