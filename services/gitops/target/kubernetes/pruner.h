#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Takes away what is ours and not wanted any more: through the gate, in order, with the uid as a
// precondition, and out of the inventory on proof only. Goes as far as it gets without waiting; a
// later run goes on. Stateless above its parts; thread-safe, but one caller at a time for each app.
class Pruner {
 public:
  // `handed_over` is told of an app that got an object instead of its deletion.
  Pruner(Cluster& cluster, Inventory& inventory,
         std::function<void(const AppEnvironment& owner)> handed_over)
      : cluster_(cluster), inventory_(inventory), handed_over_(std::move(handed_over)) {}

  struct Result {
    bool changed = false;
    // What is kept though it is not in Git any more, and why; one sentence each.
    std::vector<std::string> kept = {};
    // Accepted, and not gone yet: what and why.
    std::vector<std::string> going = {};
  };
  // After everything of the plan is applied. `confirmed`: a person said that it may go.
  absl::StatusOr<Result> Prune(const AppEnvironment& owner, const Plan& plan, bool confirmed);
  // Everything of the app, because a person said so; what is annotated to be kept stays and is ours
  // no more. UNAVAILABLE while some are still going.
  absl::Status DeleteAll(const AppEnvironment& owner);

 private:
  struct Item {
    InventoryEntry entry = {};
    kube::Target target = {};
  };
  // Metadata of all, at once.
  std::vector<kube::Answer> GetAll(const AppEnvironment& owner, const std::vector<Item>& items);
  // Deletes all at once, and adds those that are proven to be gone; the first error.
  absl::Status Request(const AppEnvironment& owner, const std::vector<Item>& items,
                       const std::vector<kube::ObjectApi::DeleteOptions>& options,
                       std::vector<InventoryEntry>& gone, Result& result);
  // Deletes the entries in order, until a group waits.
  absl::StatusOr<Result> Delete(const AppEnvironment& owner,
                                const std::vector<InventoryEntry>& entries);
  // One group at once; true: all are gone.
  absl::StatusOr<bool> DeleteGroup(const AppEnvironment& owner,
                                   const std::vector<InventoryEntry>& group, Result& result);

  Cluster& cluster_;
  Inventory& inventory_;
  const std::function<void(const AppEnvironment& owner)> handed_over_;
};

}  // namespace slipway::gitops::kubernetes
