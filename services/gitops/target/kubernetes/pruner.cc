#include "services/gitops/target/kubernetes/pruner.h"

#include <set>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/gitops/sync/stages.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/judge.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

std::vector<sync::PruneItem> ToItems(const std::vector<InventoryEntry>& entries) {
  std::vector<sync::PruneItem> items;
  for (const InventoryEntry& entry : entries) {
    items.push_back({.id = entry.id,
                     .wave = entry.wave,
                     .last = sync::ParseSyncOptions(entry.options).prune_last});
  }
  return items;
}

kube::ObjectApi::Propagation PropagationOf(const InventoryEntry& entry) {
  const std::string wanted = sync::ParseSyncOptions(entry.options).prune_propagation;
  if (wanted == "foreground") return kube::ObjectApi::Propagation::kForeground;
  if (wanted == "orphan") return kube::ObjectApi::Propagation::kOrphan;
  return kube::ObjectApi::Propagation::kBackground;
}

std::string WhyGoing(const kube::Object& live) {
  const std::vector<std::string> finalizers = live.finalizers();
  return finalizers.empty() ? "" : "metadata.finalizers: " + Join(finalizers, ", ");
}

}  // namespace

absl::StatusOr<Pruner::Result> Pruner::Prune(const AppEnvironment& owner, const Plan& plan,
                                             bool confirmed) {
  const Inventory::Entries entries = inventory_.Of(owner);
  const sync::PruneDecision decision = PruneOf(plan, entries, confirmed);
  const std::string remedy = ": slipway sync --prune " + owner.Short();
  std::vector<InventoryEntry> going;
  for (const kube::ObjectId& id : decision.prune) going.push_back(entries.at(id));
  Result result;
  if (!going.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(result, Delete(owner, going));
  }
  if (!decision.closed.empty()) {
    result.kept.push_back("nothing is deleted of what is not in Git any more: " + decision.closed +
                          (decision.confirmable ? remedy : ""));
  }
  for (const sync::HeldObject& held : decision.held) {
    result.kept.push_back(kube::Describe(held.id) + " is not in Git any more and is kept: " +
                          held.reason + (held.confirmable ? remedy : ""));
  }
  return result;
}

absl::Status Pruner::DeleteAll(const AppEnvironment& owner) {
  std::vector<InventoryEntry> going, left;
  SLIPWAY_ASSIGN_OR_RETURN(const std::set<std::string> elsewhere, inventory_.UidsElsewhere(owner));
  for (const auto& [id, entry] : inventory_.Of(owner)) {
    const bool keep = sync::ParseSyncOptions(entry.options).deletion == sync::Consent::kNo ||
                      elsewhere.contains(entry.uid);
    (keep ? left : going).push_back(entry);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const Result result, Delete(owner, going));
  if (!result.going.empty()) {
    return MakeError(absl::StatusCode::kUnavailable,
                     "waiting until " + Join(result.going, "; ") + " is gone",
                     {.reason = "OBJECTS_GOING", .metadata = {}, .field_violations = {}});
  }
  SLIPWAY_RETURN_IF_ERROR(inventory_.Remove(owner, left));
  for (const InventoryEntry& entry : left) cluster_.live().Forget(entry.id);
  return absl::OkStatus();
}

absl::StatusOr<Pruner::Result> Pruner::Delete(const AppEnvironment& owner,
                                              const std::vector<InventoryEntry>& entries) {
  Result result;
  SLIPWAY_ASSIGN_OR_RETURN(const auto moved, inventory_.NoteDeleting(owner, entries));
  std::set<kube::ObjectId> elsewhere;
  for (const InventoryEntry& entry : moved) {
    elsewhere.insert(entry.id);
    cluster_.live().Follow(entry.id, entry.owner);
    handed_over_(entry.owner);
  }
  std::vector<InventoryEntry> own;
  for (const InventoryEntry& entry : entries) {
    if (!elsewhere.contains(entry.id)) own.push_back(entry);
  }
  for (const std::vector<size_t>& indices : sync::OrderPrune(ToItems(own))) {
    std::vector<InventoryEntry> group;
    for (const size_t i : indices) group.push_back(own[i]);
    SLIPWAY_ASSIGN_OR_RETURN(const bool gone, DeleteGroup(owner, group, result));
    if (!gone) break;
  }
  return result;
}

std::vector<kube::Answer> Pruner::GetAll(const AppEnvironment& owner,
                                         const std::vector<Item>& items) {
  kube::ObjectApi::GetOptions get;
  get.owner = owner.Folder();
  get.metadata_only = true;
  std::vector<kube::Target> targets;
  for (const Item& item : items) targets.push_back(item.target);
  return kubernetes::GetAll(cluster_.api(), targets, get);
}

absl::Status Pruner::Request(const AppEnvironment& owner, const std::vector<Item>& items,
                             const std::vector<kube::ObjectApi::DeleteOptions>& options,
                             std::vector<InventoryEntry>& gone, Result& result) {
  if (items.empty()) return absl::OkStatus();
  result.changed = true;
  absl::Status problem;
  std::vector<Item> asked;
  Batch batch(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    cluster_.api().Delete(items[i].target, options[i], batch.Slot(i));
  }
  const std::vector<kube::Answer> deleted = batch.Wait();
  for (size_t i = 0; i < items.size(); ++i) {
    const InventoryEntry& entry = items[i].entry;
    if (deleted[i].ok()) {
      asked.push_back(items[i]);
    } else if (deleted[i].outcome == kube::Outcome::kNotFound) {
      gone.push_back(entry);
    } else if (deleted[i].outcome == kube::Outcome::kConflict) {
      result.going.push_back(kube::Describe(entry.id));  // it changed meanwhile: read it again
    } else {
      problem.Update(SyncError(entry.id, deleted[i]));
    }
  }
  // An accepted deletion is no proof.
  const std::vector<kube::Answer> seen = GetAll(owner, asked);
  for (size_t i = 0; i < asked.size(); ++i) {
    const InventoryEntry& entry = asked[i].entry;
    if (seen[i].outcome == kube::Outcome::kNotFound) {
      gone.push_back(entry);
      continue;
    }
    const auto live = ReadMetadata(entry.id, seen[i].ok() ? seen[i].body : "");
    result.going.push_back(kube::Describe(entry.id) +
                           (live.ok() ? " (" + WhyGoing(*live) + ")" : ""));
  }
  return problem;
}

absl::StatusOr<bool> Pruner::DeleteGroup(const AppEnvironment& owner,
                                         const std::vector<InventoryEntry>& group, Result& result) {
  std::vector<InventoryEntry> gone;
  absl::Status problem;
  std::vector<Item> there;
  for (const InventoryEntry& entry : group) {
    const auto resource = cluster_.discovery().Find(entry.id.group, entry.version, entry.id.kind);
    // The definition is gone, and with it all objects of the kind.
    if (absl::IsNotFound(resource.status())) {
      gone.push_back(entry);
      continue;
    }
    if (!resource.ok()) return resource.status();
    there.push_back({entry, {*resource, entry.id.ns, entry.id.name}});
  }
  std::vector<Item> going;
  std::vector<kube::ObjectApi::DeleteOptions> options;
  const std::vector<kube::Answer> seen = GetAll(owner, there);
  for (size_t i = 0; i < there.size(); ++i) {
    const InventoryEntry& entry = there[i].entry;
    if (seen[i].outcome == kube::Outcome::kNotFound) {
      gone.push_back(entry);
      continue;
    }
    if (!seen[i].ok()) {
      problem.Update(SyncError(entry.id, seen[i]));
      continue;
    }
    const auto live = ReadMetadata(entry.id, seen[i].body);
    if (!live.ok()) {
      problem.Update(live.status());
      continue;
    }
    if (live->deleting()) {
      result.going.push_back(kube::Describe(entry.id) + " (" + WhyGoing(*live) + ")");
      continue;
    }
    const sync::DeleteCheck check =
        sync::CheckDelete(entry.id, ToSync(entry), *live, owner.Folder());
    if (check.proof != sync::Proof::kNone) {
      gone.push_back(entry);  // another object has its name: that one is left alone
      continue;
    }
    if (!check.allowed) {
      result.kept.push_back(kube::Describe(entry.id) + " is kept: " + check.reason);
      continue;
    }
    kube::ObjectApi::DeleteOptions& option = options.emplace_back();
    option.owner = owner.Folder();
    option.uid = check.uid;
    option.propagation = PropagationOf(entry);
    going.push_back(there[i]);
  }
  problem.Update(Request(owner, going, options, gone, result));
  SLIPWAY_RETURN_IF_ERROR(inventory_.Remove(owner, gone));
  for (const InventoryEntry& entry : gone) cluster_.live().Forget(entry.id);
  SLIPWAY_RETURN_IF_ERROR(problem);
  return result.going.empty();
}

}  // namespace slipway::gitops::kubernetes
