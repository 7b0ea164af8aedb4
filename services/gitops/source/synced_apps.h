#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
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
// Level-triggered, with one fetch for all apps of a repository; several repositories at once, so
// that a large one keeps back no other; apps whose definition changed are looked at without the
// others. Owned by App; thread-safe.
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

  ~SyncedApps() { Stop(); }

  void Start();
  void Stop();
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

  // One pass: takes in definitions that changed, then queues the repositories that are due, and
  // those with apps that were never looked at; how long until the next.
  absl::Duration Pass(const std::stop_token& stop);
  // Looks at the repository that is the next in the queue; false: there is none.
  bool LookAtNext(const std::stop_token& stop);

 private:
  using Place = std::pair<std::string, std::string>;  // URL and account of a repository
  using Group = std::vector<sources::SyncedApp>;
  struct PlaceState {
    absl::Time looked = absl::InfinitePast();  // when its last look began
    bool all = false;  // the next look is at all its apps, not at new ones only
    bool queued = false;
    bool busy = false;   // is being looked at
    bool again = false;  // is to be queued once that has ended
  };
  // What a look found: what is written about it, and the deployment that it makes.
  struct Found {
    sources::SyncedApp app = {};
    std::string before = {};  // commit of the last look
    std::string key = {};
    std::string subject = {};
  };

  absl::Status TakeChange(const sources::Change& change);
  absl::Status Refresh(const AppEnvironment& app);
  // Queues what is to be looked at; how long until the next one is due by its age.
  absl::Duration Queue(const std::vector<sources::SyncedApp>& apps);
  // The apps of a repository as they are now: all, or those that were never looked at.
  absl::StatusOr<Group> AppsOf(const Place& place, bool all);
  void Work(const std::stop_token& stop);
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
  Mutex mu_;
  std::condition_variable_any queued_;
  std::set<std::string> pushed_ SLIPWAY_GUARDED_BY(mu_);  // since the last pass, normalised
  std::map<Place, PlaceState> places_ SLIPWAY_GUARDED_BY(mu_);
  std::deque<Place> queue_ SLIPWAY_GUARDED_BY(mu_);
  WakeLoop loop_;
  std::vector<std::jthread> workers_;
};

}  // namespace slipway::gitops
