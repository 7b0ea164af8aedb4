#include "services/gitops/target/kubernetes/pruner.h"

#include <optional>
#include <set>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/log/log.h"
#include "services/gitops/sync/stages.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/judge.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr json::Limits kMetadataLimits{.max_bytes = 16 << 20, .max_depth = 100};

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

// Metadata as the server gives it of any kind, under the identity that was asked for.
std::optional<kube::Object> ReadMetadata(const kube::ObjectId& id, const kube::Answer& answer) {
  auto value = json::Parse(answer.body, kMetadataLimits);
  if (!value.ok() || !value->is_object()) return std::nullopt;
  kube::Object object(std::move(value->get_object()));
  object.body()["apiVersion"] = id.group.empty() ? "v1" : id.group + "/v1";
  object.body()["kind"] = id.kind;
  return object;
}

std::string WhyGoing(const kube::Object& live) {
  const std::vector<std::string> finalizers = live.finalizers();
  return finalizers.empty() ? "" : "metadata.finalizers: " + Join(finalizers, ", ");
}

}  // namespace

absl::StatusOr<Pruner::Result> Pruner::Prune(const AppEnvironment& owner, const Plan& plan) {
  const Inventory::Entries entries = inventory_.Of(owner);
  const sync::PruneDecision decision = PruneOf(plan, entries);
  std::vector<InventoryEntry> going;
  for (const kube::ObjectId& id : decision.prune) going.push_back(entries.at(id));
  Result result;
  if (!going.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(result, Delete(owner, going));
  }
  if (!decision.closed.empty()) {
    result.kept.push_back("nothing is deleted of what is not in Git any more: " + decision.closed);
  }
  for (const sync::HeldObject& held : decision.held) {
    result.kept.push_back(kube::Describe(held.id) +
                          " is not in Git any more and is kept: " + held.reason);
  }
  return result;
}

absl::Status Pruner::DeleteAll(const AppEnvironment& owner) {
  std::vector<InventoryEntry> going, left;
  for (const auto& [id, entry] : inventory_.Of(owner)) {
    const bool keep = sync::ParseSyncOptions(entry.options).deletion == sync::Consent::kNo;
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

absl::StatusOr<bool> Pruner::DeleteGroup(const AppEnvironment& owner,
                                         const std::vector<InventoryEntry>& group, Result& result) {
  std::vector<InventoryEntry> gone;
  std::vector<InventoryEntry> asked;
  std::vector<kube::Target> targets;
  absl::Status problem;
  kube::ObjectApi::GetOptions get;
  get.owner = owner.Folder();
  get.metadata_only = true;
  for (const InventoryEntry& entry : group) {
    const auto resource = cluster_.discovery().Find(entry.id.group, entry.version, entry.id.kind);
    // The definition is gone, and with it all objects of the kind.
    if (absl::IsNotFound(resource.status())) {
      gone.push_back(entry);
      continue;
    }
    if (!resource.ok()) return resource.status();
    const kube::Target target{*resource, entry.id.ns, entry.id.name};
    const kube::Answer seen = cluster_.api().Get(target, get);
    if (seen.outcome == kube::Outcome::kNotFound) {
      gone.push_back(entry);
      continue;
    }
    const auto live = seen.ok() ? ReadMetadata(entry.id, seen) : std::nullopt;
    if (!live) {
      problem.Update(SyncError(entry.id, seen));
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
    kube::ObjectApi::DeleteOptions options;
    options.owner = owner.Folder();
    options.uid = check.uid;
    options.propagation = PropagationOf(entry);
    const kube::Answer deleted = cluster_.api().Delete(target, options);
    result.changed = true;
    if (deleted.ok()) {
      asked.push_back(entry);
      targets.push_back(target);
    } else if (deleted.outcome == kube::Outcome::kNotFound) {
      gone.push_back(entry);
    } else if (deleted.outcome == kube::Outcome::kConflict) {
      result.going.push_back(kube::Describe(entry.id));  // it changed meanwhile: read it again
    } else {
      problem.Update(SyncError(entry.id, deleted));
    }
  }
  // An accepted deletion is no proof.
  for (size_t i = 0; i < asked.size(); ++i) {
    const kube::Answer seen = cluster_.api().Get(targets[i], get);
    if (seen.outcome == kube::Outcome::kNotFound) {
      gone.push_back(asked[i]);
      continue;
    }
    const auto live = seen.ok() ? ReadMetadata(asked[i].id, seen) : std::nullopt;
    result.going.push_back(kube::Describe(asked[i].id) +
                           (live ? " (" + WhyGoing(*live) + ")" : ""));
  }
  SLIPWAY_RETURN_IF_ERROR(inventory_.Remove(owner, gone));
  for (const InventoryEntry& entry : gone) cluster_.live().Forget(entry.id);
  SLIPWAY_RETURN_IF_ERROR(problem);
  return result.going.empty();
}

}  // namespace slipway::gitops::kubernetes
