#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/hook_runner.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/judge.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Applies a plan stage by stage, as far as it gets without waiting. Each run looks anew at what is
// recorded and seen, and sends only what differs, so that a run after a kill, or after a stage
// became ready, goes on where the last one stopped. A plan of several stages is rehearsed before
// its first write. Thread-safe, but one caller at a time for each app.
class Applier {
 public:
  Applier(Cluster& cluster, Inventory& inventory, HookRunner& hooks, std::string manager)
      : cluster_(cluster), inventory_(inventory), hooks_(hooks), manager_(std::move(manager)) {}

  // Errors as Target.
  absl::StatusOr<Applied> Run(const DesiredState& desired, const Plan& plan);
  // The app is gone.
  void Forget(const AppEnvironment& where);

 private:
  using Objects = std::vector<const PlannedObject*>;

  // Runs the hooks for a sync that failed; then `problem`, or what they wait for.
  absl::StatusOr<Applied> Fail(const DesiredState& desired, const Plan& plan,
                               const absl::Status& problem);
  // Asks the server whether it would take a plan of several stages; once for a tree.
  absl::Status Rehearsed(const DesiredState& desired, const Plan& plan, const LiveView& live);
  absl::Status Claim(const DesiredState& desired, const Plan& plan);
  // All at once; the first error in the plan's order, after the successes are recorded. What has to
  // be gone before the rest can be applied, in words.
  absl::StatusOr<std::string> ApplyAll(const DesiredState& desired, const Objects& objects);
  // Deletes an object of which a field can't be changed, if it is ours.
  absl::Status MakeWay(const kube::Target& target, const InventoryEntry& entry);
  std::vector<kube::Answer> Send(const DesiredState& desired, const Objects& objects,
                                 const std::vector<kube::Target>& targets);
  absl::Status CreateNamespace(const DesiredState& desired, const std::string& name);
  absl::StatusOr<kube::ResourceInfo> Resource(const PlannedObject& planned);

  Cluster& cluster_;
  Inventory& inventory_;
  HookRunner& hooks_;
  const std::string manager_;
  Mutex mu_;
  std::map<AppEnvironment, std::string> rehearsed_ SLIPWAY_GUARDED_BY(mu_);  // tree by app
};

}  // namespace slipway::gitops::kubernetes
