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

  // Takes the workload away at once. The environment is marked as removed before, so that nothing
  // brings it back.
  absl::Status Remove(const AppEnvironment& where, const std::stop_token& stop);

 private:
  // What one process remembers of an environment between looks. Losing it only costs a look.
  struct Memory {
    int probes = 0;             // since the last change
    int exits = 0;              // since it was healthy for a while
    int failures = 0;           // of Apply, since it worked
    bool exit_counted = false;  // the exit that is seen now
    absl::Time put_back_after = absl::InfinitePast();
    absl::Time healthy_since = absl::InfiniteFuture();
    std::string refused_tree = {};  // the target refused it for good
  };
  // What a look reads first.
  struct View {
    std::optional<EnvironmentState> environment = {};
    std::optional<Deployment> deployment = {};  // the newest
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
  // Whether the target took it; else `retry` says when to try again. `from`: the place of the
  // repository.
  bool Apply(const View& view, DesiredState& desired, const std::string& from, Memory& memory,
             absl::Duration& retry);
  void NoteApplied(const View& view, const DesiredState& desired, const std::string& from,
                   const Applied& applied);
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
  Schedule schedule_;
  Mutex mu_;
  std::map<AppEnvironment, Memory> memories_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, std::string> last_heads_;  // commit by place, of the fetcher's thread
  std::vector<std::jthread> workers_;
  WakeLoop fetcher_;
};

}  // namespace slipway::gitops
