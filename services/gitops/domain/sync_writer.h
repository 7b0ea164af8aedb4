#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/domain/sync_guard.h"
#include "services/gitops/domain/sync_policies.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// What one process remembers of an environment between looks. Losing it only costs a look. A value.
struct SyncMemory {
  int probes = 0;             // since the last change
  int exits = 0;              // since it was healthy for a while
  bool exit_counted = false;  // the exit that is seen now
  absl::Time put_back_after = absl::InfinitePast();
  absl::Time healthy_since = absl::InfiniteFuture();
  absl::Time prune_asked = absl::InfinitePast();  // when a person confirmed deletions of:
  std::string prune_tree = {};
  std::string waiting_tree = {};  // a part of it waits, since:
  absl::Time waiting_since = absl::InfinitePast();
  absl::Time degraded_since = absl::InfiniteFuture();  // what it waits for
  std::string sought = {};                             // a commit that is not in the repository
};

// What a look reads first. A value.
struct SyncView {
  std::optional<EnvironmentState> environment = {};
  std::optional<Deployment> deployment = {};  // the newest
  bool held = false;                          // a newer commit may not be applied now
};

// The writes of the Syncer: gives a desired state to the target, with what it needs and what the
// project allows, and notes what came of it in the rows, the deployment and the journal. Owned by
// Syncer; thread-safe for different environments.
class SyncWriter {
 public:
  struct Parts {
    Clock& clock;
    db::Pool& pool;
    Lifecycle& lifecycle;
    Target& target;
    PipelinePeer& pipeline;
    SyncPolicies& policies;
    SyncGuard& guard;
    absl::Duration health_timeout;
    absl::Duration watched_interval;
    absl::Duration degraded_grace;
    Holdings& holdings;
  };
  explicit SyncWriter(Parts parts) : parts_(parts) {}

  // A look later than this takes up a credential that changed.
  static constexpr absl::Duration kCredentialAge = absl::Minutes(5);
  // What is waited for no longer than this is not shown.
  static constexpr absl::Duration kQuiet = absl::Seconds(1);

  // Whether the target took it; else `retry` says when to try again. `from`: the place of the
  // repository.
  bool Apply(const SyncView& view, DesiredState& desired, const std::string& from,
             SyncMemory& memory, absl::Duration& retry);
  // Fills in what pulls of its images need; asked for anew when it is older than `max_age`.
  absl::Status AddCredentials(DesiredState& desired, absl::Duration max_age);

  // The next look asks for them anew, for all images.
  void ForgetCredentials();

  // Whether a cluster is still this process's, for what is noted about it.
  absl::Status CheckHeld(db::Tx& tx, const std::string& cluster);

  void Explain(const Deployment& deployment, const std::string& reason);
  void Note(const Deployment& deployment, const std::string& event, journal::Verdict verdict,
            const std::string& message, const std::map<std::string, std::string>& values);
  absl::Status Advance(int64_t id, DeploymentEvent event, const Change& change);

 private:
  void NoteApplied(const SyncView& view, const DesiredState& desired, const std::string& from,
                   const Applied& applied);
  // How long until the next try.
  absl::Duration NoteFailed(const SyncView& view, const DesiredState& desired,
                            const absl::Status& problem);
  // Tells the target what the project allows.
  absl::Status Limit(DesiredState& desired);
  // Whether a person confirmed what this very state deletes.
  bool MayPrune(const SyncView& view, const DesiredState& desired, SyncMemory& memory) const;
  // The rest of it waits; how long until it is tried again at the latest.
  absl::Duration Wait(const SyncView& view, const DesiredState& desired, const Applied& applied,
                      SyncMemory& memory);

  const Parts parts_;
  struct Credentials {
    absl::Time read = absl::InfinitePast();
    std::vector<PullCredential> found = {};
  };
  Mutex mu_;
  std::map<std::string, Credentials> credentials_ SLIPWAY_GUARDED_BY(mu_);  // by host
  int64_t forgotten_ SLIPWAY_GUARDED_BY(mu_) = 0;                           // so many times
};

}  // namespace slipway::gitops
