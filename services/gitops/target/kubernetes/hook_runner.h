#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/store/hook_store.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// How a hook stands by what was seen of its object. Pure; empty message and kRunning: it is waited
// for.
struct HookVerdict {
  HookRun::State state = HookRun::State::kRunning;
  std::string message = {};
};
HookVerdict JudgeHook(const HookRun& run, const std::optional<LiveObject>& live);

// Runs hooks: each once for a tree and phase, followed by its uid, whatever becomes of its object.
// No finalizers are put on it: the last state that the watch showed says how it ended. Stateless
// above its parts; thread-safe, but one caller at a time for each app.
class HookRunner {
 public:
  // Rows are written only as long as `lease` is held.
  HookRunner(db::Pool& pool, const ClusterLease& lease, Cluster& cluster, std::string cluster_id,
             std::string manager)
      : pool_(pool),
        lease_(lease),
        cluster_(cluster),
        cluster_id_(std::move(cluster_id)),
        manager_(std::move(manager)) {}

  // Begins the hooks of a stage that have not begun, and looks after the others. What it waits for,
  // in words; empty: all have succeeded. FAILED_PRECONDITION HOOK_FAILED: one did not.
  absl::StatusOr<std::string> Run(const DesiredState& desired, const Plan& plan,
                                  const sync::Stage& stage);
  // Deletes what hooks of the app left behind, also those of earlier syncs.
  absl::Status DeleteAll(const AppEnvironment& owner);

 private:
  absl::StatusOr<std::vector<HookRun>> RunsOf(const DesiredState& desired);
  absl::Status Put(const AppEnvironment& owner, const HookRun& run);
  // Creates the object; empty: it runs, else what has to be gone before. `is_new`: this is the
  // first try.
  absl::StatusOr<std::string> Begin(const DesiredState& desired, const PlannedObject& planned,
                                    bool is_new, HookRun& run);
  // Its object is `live`; empty.
  absl::StatusOr<std::string> Began(const AppEnvironment& owner, const kube::Object& live,
                                    HookRun& run);
  // Deletes the object of a hook that ended, where its policy says so; whether nothing is left.
  bool Clean(const AppEnvironment& owner, const PlannedObject& planned, const HookRun& run);
  absl::Status Delete(const AppEnvironment& owner, const HookRun& run);

  db::Pool& pool_;
  const ClusterLease& lease_;
  Cluster& cluster_;
  const std::string cluster_id_;
  const std::string manager_;
};

}  // namespace slipway::gitops::kubernetes
