#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/domain/manifest.h"
#include "services/gitops/sync/project_limits.h"

namespace slipway::gitops {

// Where a target may pull images from: host and port, user, password. A value; never logged.
struct PullCredential {
  std::string host = {};
  std::string username = {};
  std::string password = {};
};

// What shall run for one app in one environment: the files of its folder at a commit. A value.
struct DesiredState {
  AppEnvironment where = {};
  std::string cluster = "local";      // id of the cluster where it shall run; "local": this machine
  std::string previous_cluster = {};  // where it ran before, if that is another one
  std::string k8s_namespace = {};
  std::string commit = {};
  std::string applied_commit = {};  // what was applied last
  std::string tree = {};            // id of the folder's tree: equal trees are equal states
  std::vector<Manifest> manifests = {};
  std::vector<PullCredential> credentials = {};
  IgnoredFields ignored = {};  // left to others on a cluster
  // What the project allows; checked against what is rendered, before any write. Empty: all.
  std::optional<sync::ProjectLimits> limits = {};
  std::string source_repo = {};  // URL of the manifests; empty: Slipway rendered them
  // A person said that what is not in Git any more may go, also where that takes a confirmation.
  bool prune_confirmed = false;
};

// How it is on the target now. A value.
struct Observation {
  Health health = Health::DeploymentStatus_Health_UNKNOWN;
  // What differs from the desired state, one sentence each; empty: nothing. Apply puts it back.
  std::vector<std::string> drift = {};
  // Why it is not healthy: exit code, last lines of the log, what a probe answered.
  std::string reason = {};
  // It ended by itself since it was applied, and Apply would start it anew.
  bool exited = false;
  std::string url = {};
  // Subscribe tells what changes, so that asking again brings nothing new before `look_again`.
  bool watched = false;
  absl::Duration look_again = absl::InfiniteDuration();
};

// What Apply did. A value.
struct Applied {
  bool changed = false;  // false: it was equal already
  std::string url = {};  // where it can be reached; empty: nowhere
  std::vector<std::string> notes =
      {};  // what the target does otherwise than asked: "runs 1 replica, 3 are asked for"
  // What the rest waits for, in words; empty: all is applied. Apply is to be called again when
  // something of the app changes, or after a while.
  std::string waiting = {};
  bool degraded = false;  // what it waits for has gone wrong, and may recover
};

// Something that runs apps: this machine, or clusters. Level-triggered: every call compares
// and repairs. Calls for different environments may run at once; never two for the same one. Owned
// by App; thread-safe.
//
// Errors are for people: INVALID_ARGUMENT (the manifests are not for this target, no try will
// change that), FAILED_PRECONDITION (refused with cause and remedy: an image that does not exist, a
// registry that wants a credential), UNAVAILABLE and DEADLINE_EXCEEDED (try again: the server is
// away, a right is missing that may come).
class Target {
 public:
  virtual ~Target() = default;

  // Makes the target equal to the desired state. Does nothing when it is. Returns before the app is
  // healthy.
  virtual absl::StatusOr<Applied> Apply(const DesiredState& desired) = 0;
  // Health and drift. Asks the app itself where it has a probe; at most one second.
  virtual absl::StatusOr<Observation> Observe(const DesiredState& desired) = 0;
  // Everything on the target that belongs to this installation, found by marks on it, as far as
  // this process works there.
  virtual absl::StatusOr<std::vector<AppEnvironment>> List() = 0;
  // Takes the app's objects away, wherever they are as far as this process works there; nothing
  // there is fine. UNAVAILABLE while some are still going.
  virtual absl::Status Delete(const AppEnvironment& where) = 0;
  // The same but for these clusters: it went there from others. Where there is one place only,
  // there is nothing to do.
  virtual absl::Status Leave(const AppEnvironment&, const std::set<std::string>& /*but*/) {
    return absl::OkStatus();
  }
  // Clusters where something of the app is that other processes look after.
  virtual absl::StatusOr<std::vector<std::string>> Elsewhere(const AppEnvironment&) {
    return std::vector<std::string>();
  }
  // Apps of which something is on another cluster, among those of this process, than the one where
  // they were applied last, or is on the way there.
  virtual absl::StatusOr<std::vector<AppEnvironment>> Strays() {
    return std::vector<AppEnvironment>();
  }

  // `changed` is called on a thread of the target when something of ours changed there by itself.
  // Once, before use.
  using OnChange = std::function<void(const AppEnvironment& where)>;
  virtual void Subscribe(OnChange changed) = 0;
  // When it returns, nobody is told any more.
  virtual void Unsubscribe() = 0;
};

}  // namespace slipway::gitops
