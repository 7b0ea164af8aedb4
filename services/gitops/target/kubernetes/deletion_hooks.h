#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/hook_runner.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Hooks that run when an app is deleted (PreDelete, PostDelete). By then its folder is gone, so
// they are kept as they were applied last. Owned by KubernetesTarget; thread-safe, but one caller
// at a time for each app.
class DeletionHooks {
 public:
  // All outlive it.
  DeletionHooks(db::Pool& pool, const ClusterLease& lease, HookRunner& runner, std::string cluster)
      : pool_(pool), lease_(lease), runner_(runner), cluster_(std::move(cluster)) {}

  // Reads who has some; before use.
  absl::Status Load();
  // A plan is applied.
  absl::Status Keep(const AppEnvironment& owner, const Plan& plan);
  // Runs those of a phase. UNAVAILABLE while they run; FAILED_PRECONDITION HOOK_FAILED: one failed.
  absl::Status Run(const AppEnvironment& owner, sync::Phase phase);
  absl::Status Forget(const AppEnvironment& owner);

 private:
  db::Pool& pool_;
  const ClusterLease& lease_;
  HookRunner& runner_;
  const std::string cluster_;
  Mutex mu_;
  std::map<AppEnvironment, uint64_t> kept_ SLIPWAY_GUARDED_BY(mu_);  // digest; 0: not known
};

}  // namespace slipway::gitops::kubernetes
