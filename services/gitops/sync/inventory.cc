#include "services/gitops/sync/inventory.h"

#include <algorithm>
#include <set>

namespace slipway::gitops::sync {
namespace {

// Up to so many go without a question, and up to half of the inventory.
constexpr size_t kFewObjects = 10;

// What takes more with it than itself.
bool NeedsConsent(const kube::ObjectId& id) {
  if (id.group.empty()) {
    return id.kind == "Namespace" || id.kind == "PersistentVolumeClaim" ||
           id.kind == "PersistentVolume";
  }
  return id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition";
}

std::string Objects(size_t count) {
  return std::to_string(count) + (count == 1 ? " object" : " objects");
}

// Why nothing may be deleted whatever a person says; empty: nothing speaks against it.
std::string Closed(const PruneRequest& request) {
  if (!request.render_complete) {
    return request.render_error.empty() ? "the render of this revision is not known to be complete"
                                        : "the render failed: " + request.render_error;
  }
  if (!request.all_applied) return "not everything of this revision is applied";
  if (!request.window_open) {
    return request.window_reason.empty() ? "a sync window is closed" : request.window_reason;
  }
  return "";
}

}  // namespace

Inventory WriteAhead(Inventory inventory, const std::vector<kube::ObjectId>& desired) {
  for (const kube::ObjectId& id : desired) {
    const auto [entry, is_new] = inventory.try_emplace(id);
    if (!is_new && entry->second.state == EntryState::kDeleting) {
      entry->second.state = EntryState::kPending;
    }
    entry->second.in_flight = true;
  }
  return inventory;
}

void RecordApplied(Inventory& inventory, const kube::Object& live, const std::string& render_hash) {
  const SyncOptions options = OptionsOf(live);
  InventoryEntry& entry = inventory[live.id()];
  entry.state = EntryState::kApplied;
  entry.uid = live.uid();
  entry.render_hash = render_hash;
  entry.prune = options.prune;
  entry.prune_last = options.prune_last;
  entry.wave = RoleOf(live).wave;
  entry.taken_from.clear();
  entry.in_flight = false;
}

bool RecordGone(Inventory& inventory, const kube::ObjectId& id, Proof proof, bool desired) {
  const auto entry = inventory.find(id);
  if (proof == Proof::kNone || entry == inventory.end()) return false;
  if (desired) {
    entry->second = {};
    return false;
  }
  inventory.erase(entry);
  return true;
}

void TakeOver(Inventory& to, Inventory& from, const std::string& from_app,
              const kube::ObjectId& id) {
  const auto entry = from.find(id);
  if (entry == from.end()) return;
  InventoryEntry moved = std::move(entry->second);
  from.erase(entry);
  moved.state = EntryState::kPending;
  // Who never applied it passes on whose mark it carries.
  if (moved.taken_from.empty()) moved.taken_from = from_app;
  to[id] = std::move(moved);
}

std::vector<kube::ObjectId> Surplus(const Inventory& inventory,
                                    const std::vector<kube::ObjectId>& desired) {
  const std::set<kube::ObjectId> wanted(desired.begin(), desired.end());
  std::vector<kube::ObjectId> surplus;
  for (const auto& [id, entry] : inventory) {
    if (!wanted.contains(id)) surplus.push_back(id);
  }
  return surplus;
}

PruneDecision DecidePrune(const Inventory& inventory, const PruneRequest& request) {
  PruneDecision decision;
  const std::vector<kube::ObjectId> surplus = Surplus(inventory, request.desired);
  if (surplus.empty()) return decision;
  decision.closed = Closed(request);
  if (!decision.closed.empty()) return decision;

  size_t new_ones = 0;
  for (const kube::ObjectId& id : surplus) {
    const std::string owner = request.owner ? request.owner(id) : "";
    if (!owner.empty() && owner != request.app) {
      decision.not_ours.push_back(id);
      continue;
    }
    const InventoryEntry& entry = inventory.at(id);
    // What is being deleted was let through before.
    const bool under_way = entry.state == EntryState::kDeleting;
    const bool confirmed = request.confirmed || under_way;
    if (entry.prune == Consent::kNo) {
      decision.held.push_back({id, "it is annotated not to be pruned", false});
    } else if (!request.prune_enabled) {
      decision.held.push_back({id, "pruning is off for this app", false});
    } else if (entry.prune == Consent::kConfirm && !confirmed) {
      decision.held.push_back({id, "it is annotated to be pruned after confirmation", true});
    } else if (NeedsConsent(id) && !confirmed) {
      decision.held.push_back(
          {id, "a " + id.kind + " takes more with it than itself, so it waits for confirmation",
           true});
    } else {
      decision.prune.push_back(id);
      if (!under_way) ++new_ones;
    }
  }

  if (request.desired.empty() && !request.allow_empty && new_ones > 0) {
    decision.closed = "the render is empty, and this app does not allow to delete everything";
  } else if (!request.confirmed && new_ones > std::max(kFewObjects, inventory.size() / 2)) {
    decision.closed = "it would delete " + Objects(new_ones) + " of " +
                      std::to_string(inventory.size()) + ", which waits for confirmation";
    decision.confirmable = true;
  }
  if (!decision.closed.empty()) {
    std::erase_if(decision.prune, [&](const kube::ObjectId& id) {
      return inventory.at(id).state != EntryState::kDeleting;
    });
  }
  return decision;
}

std::string TrackingId(const std::string& app, const kube::ObjectId& id) {
  return app + ":" + id.group + "/" + id.kind + ":" + id.ns + "/" + id.name;
}

std::string TrackedApp(const kube::Object& object) {
  const auto mark = object.Annotation(kTrackingAnnotation);
  if (!mark) return "";
  const std::string app(mark->substr(0, mark->find(':')));
  return *mark == TrackingId(app, object.id()) ? app : "";
}

DeleteCheck CheckDelete(const kube::ObjectId& id, const InventoryEntry& entry,
                        const kube::Object& live, const std::string& app) {
  const std::string uid(live.uid());
  if (uid.empty()) return {false, "", "its uid is not known", Proof::kNone};
  const std::string marked = TrackedApp(live);
  const bool ours = !marked.empty() && (marked == app || marked == entry.taken_from);
  // Deleted by others, made anew by an apply of ours, and its answer was lost: the mark says so.
  if (!entry.uid.empty() && entry.uid != uid && !(entry.in_flight && ours)) {
    return {false, "", kube::Describe(id) + " is another object than the one that was applied",
            Proof::kOtherUid};
  }
  if (!marked.empty() && !ours) {
    return {false, "", kube::Describe(id) + " is marked as an object of " + marked, Proof::kNone};
  }
  // Written ahead, and the answer to the apply was lost: only its mark says whether it is ours.
  if (entry.uid.empty() && !ours) {
    return {false, "", kube::Describe(id) + " was not created by this app", Proof::kOtherUid};
  }
  return {true, uid, "", Proof::kNone};
}

Claim ClaimObjects(
    const std::string& app, const std::vector<kube::ObjectId>& desired,
    const std::function<std::string(const kube::ObjectId&)>& owner,
    const std::function<bool(const std::string&, const kube::ObjectId&)>& still_desired,
    bool adopt) {
  Claim claim;
  for (const kube::ObjectId& id : desired) {
    const std::string current = owner(id);
    if (current == app) continue;
    if (current.empty() || adopt || !still_desired(current, id)) {
      claim.take.push_back(id);
    } else {
      claim.conflicts.push_back({id, current});
    }
  }
  return claim;
}

}  // namespace slipway::gitops::sync
