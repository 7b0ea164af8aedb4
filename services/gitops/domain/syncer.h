#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/domain/schedule.h"
#include "services/gitops/domain/sync_guard.h"
#include "services/gitops/domain/sync_policies.h"
#include "services/gitops/domain/sync_writer.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// Makes the target equal to the newest commit of the branch, environment by environment, and keeps
// it so. Level-triggered: each look reads desired state, target and database anew and does the next
// step, so that nothing depends on what a process that died had in mind. Woken by own pushes, by
// the target's changes and by fetches. Of several processes each looks at the environments whose
// cluster is its own. Owned by App; thread-safe.
class Syncer {
 public:
  struct Options {
    int workers = 4;
    absl::Duration fetch_interval = absl::Seconds(10);    // for commits that others make
    absl::Duration resync_interval = absl::Seconds(10);   // of what runs and is healthy
    absl::Duration watched_interval = absl::Minutes(10);  // the same, where changes are told
    absl::Duration health_timeout = absl::Minutes(5);
    absl::Duration degraded_grace = absl::Seconds(15);  // of a stage that others wait for
    int exits_before_unhealthy = 4;
  };
  struct Parts {
    Clock& clock;
    db::Pool& pool;
    Lifecycle& lifecycle;
    DesiredRepository& repository;
    ActiveRepository active;
    Target& target;
    PipelinePeer& pipeline;
    Holdings& holdings = Unshared();
    // Has other processes look at an environment.
    std::function<void(const AppEnvironment&)> tell = [](const AppEnvironment&) {};
  };
  Syncer(Parts parts, Options options);
  ~Syncer() { Stop(); }

  void Start();
  void Stop();
  void Wake(const AppEnvironment& where) { schedule_.Wake(where); }
  // The repository in force may be another one.
  void WakeAll();
  // This process works on a cluster from now on: all that is there is looked at. What was there
  // before Start is looked at anyway.
  void Gained(const std::string& cluster);
  // Something was pushed to the repository with this URL, which may be anybody's.
  void NotePush(const std::string& url);

  // A credential of pulls may be another one.
  void ForgetCredentials() { writer_.ForgetCredentials(); }

  // Windows, limits and settings that syncs keep to.
  SyncPolicies& policies() { return policies_; }

  // What the newest commit says about an app, for looking at it. NOT_FOUND: nothing;
  // FAILED_PRECONDITION: there is no active repository; UNAVAILABLE.
  absl::StatusOr<DesiredState> Desired(const AppEnvironment& where);

  // Takes the workload away at once. The environment is marked as removed before, so that nothing
  // brings it back. UNAVAILABLE: some is still going, also where other processes do it.
  absl::Status Remove(const AppEnvironment& where, const std::stop_token& stop);

 private:
  void Work(const std::stop_token& stop);
  absl::Duration FetchAll();
  void Fetch(const RepositoryAccess& active, const RepositoryAccess& access);
  // Wakes the environments of one of the repositories of `active` whose folders changed, if its
  // branch stands elsewhere than at the last call.
  void WakeIfMoved(const RepositoryAccess& active, const RepositoryAccess& access);
  // Makes sure that the mirror is as new as what is known of it; UNAVAILABLE otherwise.
  absl::Status CatchUp(const SyncView& view, const RepositoryAccess& access, SyncMemory& memory);
  // Notes that something is left on a cluster where it is not wanted any more.
  void NoteStrays();
  // Whether a cluster on which this process works may be another's by now.
  bool IsInDoubt(const std::string& cluster) const;
  // Takes it away there; false: it is to be tried again.
  bool LeaveOthers(const SyncView& view, const std::string& cluster);
  // One look; how long until the next one, empty: there is nothing to look at.
  std::optional<absl::Duration> Look(const AppEnvironment& where);
  absl::StatusOr<SyncView> Read(const AppEnvironment& where);
  std::optional<absl::Duration> LookAt(const AppEnvironment& where, SyncView view,
                                       const RepositoryAccess& access, SyncMemory& memory);
  // Looks after what is applied while a newer commit may not be.
  absl::Duration KeepApplied(SyncView view, const RepositoryAccess& access, SyncMemory& memory);
  // Whether what runs may be put back; else how long until that may change.
  std::optional<absl::Duration> MayNotRepair(const SyncView& view, const Observation& seen,
                                             const DesiredState& desired);
  // How long until the next look at what is not healthy.
  absl::Duration Pause(const Observation& seen, SyncMemory& memory) const;
  absl::Duration Watch(const SyncView& view, DesiredState& desired, const std::string& from,
                       SyncMemory& memory);
  absl::Duration WatchProgress(const SyncView& view, const Observation& seen, DesiredState& desired,
                               const std::string& from, SyncMemory& memory);
  absl::Duration WatchSteady(const SyncView& view, const Observation& seen, DesiredState& desired,
                             const std::string& from, SyncMemory& memory);
  SyncMemory Recall(const AppEnvironment& where);
  void Remember(const AppEnvironment& where, const SyncMemory& memory);

  Parts parts_;
  const Options options_;
  SyncPolicies policies_;
  SyncGuard guard_;
  SyncWriter writer_;
  Schedule schedule_;
  Mutex mu_;
  bool started_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::map<AppEnvironment, SyncMemory> memories_ SLIPWAY_GUARDED_BY(mu_);
  std::set<AppEnvironment> strays_ SLIPWAY_GUARDED_BY(mu_);
  std::set<std::string> pushed_ SLIPWAY_GUARDED_BY(mu_);  // since the last fetch, normalised
  absl::Time fetch_all_at_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
  std::map<std::string, std::string> last_heads_;  // commit by place, of the fetcher's thread
  Mutex catching_up_;                              // held while one fetches for all who wait
  std::vector<std::jthread> workers_;
  WakeLoop fetcher_;
};

}  // namespace slipway::gitops
