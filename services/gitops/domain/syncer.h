#pragma once

#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/domain/schedule.h"
#include "services/gitops/domain/sync_guard.h"
#include "services/gitops/domain/sync_policies.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// Makes the target equal to the newest commit of the branch, environment by environment, and keeps
// it so. Level-triggered: each look reads desired state, target and database anew and does the next
// step, so that nothing depends on what a process that died had in mind. Woken by own pushes, by
// the target's changes and by fetches. Owned by App; thread-safe.
class Syncer {
 public:
  struct Options {
    int workers = 4;
    absl::Duration fetch_interval = absl::Seconds(10);   // for commits that others make
    absl::Duration resync_interval = absl::Seconds(10);  // of what runs and is healthy
    absl::Duration watched_interval = absl::Minutes(10);  // the same, where changes are told
    absl::Duration health_timeout = absl::Minutes(5);
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
  };
  Syncer(Parts parts, Options options);
  ~Syncer() { Stop(); }

  void Start();
  void Stop();
  void Wake(const AppEnvironment& where) { schedule_.Wake(where); }
  // The repository in force may be another one.
  void WakeAll() { fetcher_.Wake(); }

  // Windows, limits and settings that syncs keep to.
  SyncPolicies& policies() { return policies_; }

  // What the newest commit says about an app, for looking at it. NOT_FOUND: nothing;
  // FAILED_PRECONDITION: there is no active repository; UNAVAILABLE.
  absl::StatusOr<DesiredState> Desired(const AppEnvironment& where);

  // Takes the workload away at once. The environment is marked as removed before, so that nothing
  // brings it back.
  absl::Status Remove(const AppEnvironment& where, const std::stop_token& stop);

 private:
  // What one process remembers of an environment between looks. Losing it only costs a look.
  struct Memory {
    int probes = 0;             // since the last change
    int exits = 0;              // since it was healthy for a while
    bool exit_counted = false;  // the exit that is seen now
    absl::Time put_back_after = absl::InfinitePast();
    absl::Time healthy_since = absl::InfiniteFuture();
    std::string waiting_tree = {};  // a part of it waits, since:
    absl::Time waiting_since = absl::InfinitePast();
  };
  // What a look reads first.
  struct View {
    std::optional<EnvironmentState> environment = {};
    std::optional<Deployment> deployment = {};  // the newest
    bool held = false;                          // a newer commit may not be applied now
  };

  void Work(const std::stop_token& stop);
  absl::Duration FetchAll();
  // Wakes all environments if the branch stands elsewhere than at the last call.
  void WakeIfMoved(const RepositoryAccess& access);
  // One look; how long until the next one, empty: there is nothing to look at.
  std::optional<absl::Duration> Look(const AppEnvironment& where);
  absl::StatusOr<View> Read(const AppEnvironment& where);
  std::optional<absl::Duration> LookAt(const AppEnvironment& where, View view,
                                       const RepositoryAccess& access, Memory& memory);
  // Looks after what is applied while a newer commit may not be.
  absl::Duration KeepApplied(View view, const RepositoryAccess& access, Memory& memory);
  // Whether what runs may be put back; else how long until that may change.
  std::optional<absl::Duration> MayNotRepair(const View& view, const Observation& seen,
                                             const DesiredState& desired);
  // Fills in what pulls of its images need; asked for anew when it is older than `max_age`.
  absl::Status AddCredentials(DesiredState& desired, absl::Duration max_age);
  // Whether the target took it; else `retry` says when to try again. `from`: the place of the
  // repository.
  bool Apply(const View& view, DesiredState& desired, const std::string& from, Memory& memory,
             absl::Duration& retry);
  void NoteApplied(const View& view, const DesiredState& desired, const std::string& from,
                   const Applied& applied);
  // Tells the target what the project allows; FAILED_PRECONDITION if that is known already.
  absl::Status Limit(DesiredState& desired);
  // The rest of it waits; how long until it is tried again at the latest.
  absl::Duration Wait(const View& view, const DesiredState& desired, const std::string& what,
                      Memory& memory);
  // How long until the next look at what is not healthy.
  absl::Duration Pause(const Observation& seen, Memory& memory) const;
  absl::Duration Watch(const View& view, DesiredState& desired, const std::string& from,
                       Memory& memory);
  absl::Duration WatchProgress(const View& view, const Observation& seen, DesiredState& desired,
                               const std::string& from, Memory& memory);
  absl::Duration WatchSteady(const View& view, const Observation& seen, DesiredState& desired,
                             const std::string& from, Memory& memory);
  void Explain(const Deployment& deployment, const std::string& reason);
  void Note(const Deployment& deployment, const std::string& event, journal::Verdict verdict,
            const std::string& message, const std::map<std::string, std::string>& values);
  absl::Status Advance(int64_t id, DeploymentEvent event, const Change& change);
  Memory Recall(const AppEnvironment& where);
  void Remember(const AppEnvironment& where, const Memory& memory);

  Parts parts_;
  const Options options_;
  SyncPolicies policies_;
  SyncGuard guard_;
  Schedule schedule_;
  Mutex mu_;
  std::map<AppEnvironment, Memory> memories_ SLIPWAY_GUARDED_BY(mu_);
  struct Credentials {
    absl::Time read = absl::InfinitePast();
    std::vector<PullCredential> found = {};
  };
  std::map<std::string, Credentials> credentials_ SLIPWAY_GUARDED_BY(mu_);  // by host
  std::map<std::string, std::string> last_heads_;  // commit by place, of the fetcher's thread
  std::vector<std::jthread> workers_;
  WakeLoop fetcher_;
};

}  // namespace slipway::gitops
