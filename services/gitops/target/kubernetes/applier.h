#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/hook_runner.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/judge.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Applies a plan stage by stage, as far as it gets without waiting. Each run looks anew at what is
// recorded and seen, and sends only what differs, so that a run after a kill, or after a stage
// became ready, goes on where the last one stopped. Stateless above its parts; thread-safe, but one
// caller at a time for each app.
class Applier {
 public:
  Applier(Cluster& cluster, Inventory& inventory, HookRunner& hooks, std::string manager)
      : cluster_(cluster), inventory_(inventory), hooks_(hooks), manager_(std::move(manager)) {}

  // Errors as Target.
  absl::StatusOr<Applied> Run(const DesiredState& desired, const Plan& plan);

 private:
  using Objects = std::vector<const PlannedObject*>;

  // Runs the hooks for a sync that failed; then `problem`, or what they wait for.
  absl::StatusOr<Applied> Fail(const DesiredState& desired, const Plan& plan,
                               const absl::Status& problem);
  absl::Status Claim(const DesiredState& desired, const Plan& plan);
  // All at once; the first error in the plan's order, after the successes are recorded.
  absl::Status ApplyAll(const DesiredState& desired, const Objects& objects);
  std::vector<kube::Answer> Send(const DesiredState& desired, const Objects& objects,
                                 const std::vector<kube::Target>& targets);
  absl::Status CreateNamespace(const DesiredState& desired, const std::string& name);
  absl::StatusOr<kube::ResourceInfo> Resource(const PlannedObject& planned);

  Cluster& cluster_;
  Inventory& inventory_;
  HookRunner& hooks_;
  const std::string manager_;
};

}  // namespace slipway::gitops::kubernetes
