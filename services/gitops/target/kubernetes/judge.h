#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/gitops/domain/target.h"
#include "services/gitops/store/inventory_store.h"
#include "services/gitops/sync/inventory.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/live_index.h"
#include "services/gitops/target/kubernetes/plan.h"

// What is to be done with an app, by its plan, what is recorded of it, and what its cluster showed
// last. Pure.
namespace slipway::gitops::kubernetes {

// An object as it was seen last; empty: not known yet, since its kind has not been listed.
using LiveView = std::function<std::optional<LiveObject>(const kube::ObjectId& id)>;

// What one planned object needs.
struct Need {
  enum class Kind { kNothing, kApply, kKnowledge, kAbsence };
  Kind kind = Kind::kNothing;
  // Why it is to be applied though it was before: what somebody did to it. Empty: it is new, or
  // the plan changed.
  std::string drift = {};
};
// `entry` null: it is in no inventory. kKnowledge: wait until its kind has been listed; kAbsence:
// wait until an object that is being deleted is gone.
Need NeedOf(const PlannedObject& planned, const InventoryEntry* entry,
            const std::optional<LiveObject>& live);

// What keeps the sync from going on after a stage, in words: "Deployment shop/api: 1 of 3 updated";
// empty: nothing. A degraded object comes before the others.
struct Unready {
  std::string what = {};
  bool degraded = false;
};
Unready UnreadyOf(const Plan& plan, const sync::Stage& stage, const LiveView& live);

// What may be pruned now, of what is in the inventory and not in the plan. `confirmed`: a person
// said so.
sync::PruneDecision PruneOf(const Plan& plan, const Inventory::Entries& entries,
                            bool confirmed = false);

// How the app is. Needs no call.
struct Judgement {
  Observation seen = {};
  const PlannedObject* culprit = nullptr;  // of the plan: what seen.reason is about
};
Judgement JudgeApp(const Plan& plan, const Inventory::Entries& entries, const LiveView& live);

}  // namespace slipway::gitops::kubernetes
