#include "services/gitops/target/kubernetes/inventory.h"

#include <set>
#include <utility>

#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/run_held.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);

std::string ConsentText(sync::Consent consent) {
  return consent == sync::Consent::kConfirm ? "confirm" : "false";
}

}  // namespace

template <typename Body>
auto Inventory::Write(std::string_view name, Body&& body) {
  return RunHeld(pool_, lease_, name, kTxTime, std::forward<Body>(body));
}

absl::Status Inventory::Load() {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows, db::RunRead(pool_, "inventory.load", kTxTime,
                                   [&](db::Tx& tx) { return inventory::OfCluster(tx, cluster_); }));
  MutexLock lock(mu_);
  apps_.clear();
  for (const InventoryEntry& entry : rows) apps_[entry.owner][entry.id] = entry;
  return absl::OkStatus();
}

absl::Status Inventory::LoadOnly(const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                           db::RunRead(pool_, "inventory.load_only", kTxTime, [&](db::Tx& tx) {
                             return inventory::OfOwner(tx, cluster_, owner);
                           }));
  MutexLock lock(mu_);
  apps_.clear();
  for (const InventoryEntry& entry : rows) apps_[owner][entry.id] = entry;
  return absl::OkStatus();
}

Inventory::Entries Inventory::Of(const AppEnvironment& owner) const {
  MutexLock lock(mu_);
  const auto found = apps_.find(owner);
  return found == apps_.end() ? Entries() : found->second;
}

std::vector<InventoryEntry> Inventory::All() const {
  std::vector<InventoryEntry> all;
  MutexLock lock(mu_);
  for (const auto& [owner, entries] : apps_) {
    for (const auto& [id, entry] : entries) all.push_back(entry);
  }
  return all;
}

absl::StatusOr<std::vector<InventoryEntry>> Inventory::Claim(
    const AppEnvironment& owner, const std::vector<InventoryEntry>& entries) {
  auto foreign =
      Write("inventory.claim", [&](db::Tx& tx) -> absl::StatusOr<std::vector<InventoryEntry>> {
        SLIPWAY_ASSIGN_OR_RETURN(auto found, inventory::Claim(tx, cluster_, entries));
        if (!found.empty()) SLIPWAY_RETURN_IF_ERROR(inventory::Want(tx, cluster_, entries));
        return found;
      });
  if (!foreign.ok()) return foreign.status();
  std::set<kube::ObjectId> others;
  for (const InventoryEntry& entry : *foreign) others.insert(entry.id);
  MutexLock lock(mu_);
  Entries& own = apps_[owner];
  for (const InventoryEntry& entry : entries) {
    if (others.contains(entry.id)) continue;
    const auto [place, is_new] = own.try_emplace(entry.id, entry);
    place->second.owner = owner;
    if (is_new || place->second.state == InventoryEntry::State::kDeleting) {
      place->second.state = InventoryEntry::State::kPending;
      place->second.in_flight = true;
    }
  }
  return foreign;
}

absl::StatusOr<std::set<std::string>> Inventory::UidsElsewhere(const AppEnvironment& owner) const {
  return db::RunRead(pool_, "inventory.elsewhere", kTxTime,
                     [&](db::Tx& tx) { return inventory::UidsElsewhere(tx, cluster_, owner); });
}

absl::Status Inventory::NoteInFlight(const AppEnvironment& owner,
                                     const std::vector<InventoryEntry>& entries) {
  if (entries.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(Write("inventory.in_flight", [&](db::Tx& tx) {
    return inventory::NoteInFlight(tx, cluster_, entries);
  }));
  MutexLock lock(mu_);
  for (const InventoryEntry& entry : entries) apps_[owner][entry.id].in_flight = true;
  return absl::OkStatus();
}

absl::Status Inventory::NoteApplied(const AppEnvironment& owner,
                                    const std::vector<InventoryEntry>& entries) {
  SLIPWAY_RETURN_IF_ERROR(Write("inventory.applied", [&](db::Tx& tx) {
    return inventory::NoteApplied(tx, cluster_, entries);
  }));
  MutexLock lock(mu_);
  for (InventoryEntry entry : entries) {
    entry.owner = owner;
    entry.state = InventoryEntry::State::kApplied;
    apps_[owner][entry.id] = std::move(entry);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<InventoryEntry>> Inventory::NoteDeleting(
    const AppEnvironment& owner, const std::vector<InventoryEntry>& entries) {
  auto moved =
      Write("inventory.deleting", [&](db::Tx& tx) -> absl::StatusOr<std::vector<InventoryEntry>> {
        SLIPWAY_ASSIGN_OR_RETURN(auto others, inventory::HandOver(tx, cluster_, entries));
        SLIPWAY_RETURN_IF_ERROR(inventory::NoteDeleting(tx, cluster_, entries));
        return others;
      });
  if (!moved.ok()) return moved.status();
  MutexLock lock(mu_);
  Entries& own = apps_[owner];
  for (const InventoryEntry& entry : *moved) {
    own.erase(entry.id);
    apps_[entry.owner][entry.id] = entry;
  }
  for (const InventoryEntry& entry : entries) {
    const auto place = own.find(entry.id);
    if (place != own.end()) place->second.state = InventoryEntry::State::kDeleting;
  }
  return moved;
}

absl::Status Inventory::Remove(const AppEnvironment& owner,
                               const std::vector<InventoryEntry>& entries) {
  if (entries.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(Write(
      "inventory.remove", [&](db::Tx& tx) { return inventory::Remove(tx, cluster_, entries); }));
  MutexLock lock(mu_);
  const auto own = apps_.find(owner);
  if (own == apps_.end()) return absl::OkStatus();
  for (const InventoryEntry& entry : entries) own->second.erase(entry.id);
  if (own->second.empty()) apps_.erase(own);
  return absl::OkStatus();
}

std::string PruneOptionsText(const sync::SyncOptions& options) {
  std::string text;
  const auto add = [&](const std::string& option) { text += (text.empty() ? "" : ",") + option; };
  if (options.prune != sync::Consent::kYes) add("Prune=" + ConsentText(options.prune));
  if (options.deletion != sync::Consent::kYes) add("Delete=" + ConsentText(options.deletion));
  if (options.prune_last) add("PruneLast=true");
  if (!options.prune_propagation.empty()) {
    add("PrunePropagationPolicy=" + options.prune_propagation);
  }
  return text;
}

sync::InventoryEntry ToSync(const InventoryEntry& entry) {
  const sync::SyncOptions options = sync::ParseSyncOptions(entry.options);
  sync::EntryState state = sync::EntryState::kPending;
  if (entry.state == InventoryEntry::State::kApplied) state = sync::EntryState::kApplied;
  if (entry.state == InventoryEntry::State::kDeleting) state = sync::EntryState::kDeleting;
  return {.state = state,
          .uid = entry.uid,
          .prune = options.prune,
          .prune_last = options.prune_last,
          .wave = entry.wave,
          .in_flight = entry.in_flight,
          .taken_from = entry.taken_from};
}

sync::Inventory ToSync(const Inventory::Entries& entries) {
  sync::Inventory inventory;
  for (const auto& [id, entry] : entries) inventory[id] = ToSync(entry);
  return inventory;
}

}  // namespace slipway::gitops::kubernetes
