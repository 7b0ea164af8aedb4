#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/sync/project_limits.h"
#include "services/gitops/sync/windows.h"

namespace slipway::gitops {

// What people defined about the syncs of an app in an environment. A value.
struct SyncPolicy {
  std::vector<sync::SyncWindow> windows = {};  // those that it is meant by
  bool self_heal = true;
  std::optional<sync::ProjectLimits> limits = {};  // empty: not limited
};

// The windows and limits of projects and the settings of environments, from pipeline. Kept for a
// short while, until Forget, and while pipeline is away for as long as that takes, also over a
// restart. Owned by App; thread-safe.
class SyncPolicies {
 public:
  SyncPolicies(Clock& clock, db::Pool& pool, PipelinePeer& pipeline)
      : clock_(clock), pool_(pool), pipeline_(pipeline) {}

  // UNAVAILABLE: not known, since pipeline is away and was never asked before.
  absl::StatusOr<SyncPolicy> For(const AppEnvironment& where);

  // "projects/P" or "environments/E" changed.
  void Forget(const std::string& name);

 private:
  struct Entry {
    std::string spec = {};
    absl::Time read = absl::InfinitePast();
  };
  // The serialized spec; empty if there is no such resource.
  absl::StatusOr<std::string> Spec(const std::string& name);
  absl::StatusOr<std::string> Ask(const std::string& name);

  Clock& clock_;
  db::Pool& pool_;
  PipelinePeer& pipeline_;
  Mutex mu_;
  uint64_t forgotten_ SLIPWAY_GUARDED_BY(mu_) = 0;  // calls of Forget
  std::map<std::string, Entry> entries_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
