#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/store/inventory_store.h"
#include "services/gitops/sync/inventory.h"

namespace slipway::gitops::kubernetes {

// What is ours on one cluster: the rows of the database, and a copy of them in memory, so that
// looking costs no query. Each change is in the database before it is in the copy. Owned by
// KubernetesTarget; thread-safe, but one caller at a time for each app.
class Inventory {
 public:
  // Both outlive it. Rows are written only as long as `lease` is held: UNAVAILABLE then.
  Inventory(db::Pool& pool, const ClusterLease& lease, std::string cluster)
      : pool_(pool), lease_(lease), cluster_(std::move(cluster)) {}

  // Reads all rows; before use.
  absl::Status Load();
  // Reads those of one app instead, for looking at it.
  absl::Status LoadOnly(const AppEnvironment& owner);

  using Entries = std::map<kube::ObjectId, InventoryEntry>;
  Entries Of(const AppEnvironment& owner) const;
  std::vector<InventoryEntry> All() const;
  // Uids of its objects on other clusters. One that is here, too, is the same object: the two
  // clusters are one server by two names.
  absl::StatusOr<std::set<std::string>> UidsElsewhere(const AppEnvironment& owner) const;

  // Writes objects ahead of applying them. Gives those that belong to other apps, which get to know
  // that they are wanted; they stay theirs.
  absl::StatusOr<std::vector<InventoryEntry>> Claim(const AppEnvironment& owner,
                                                    const std::vector<InventoryEntry>& entries);
  // Before what is applied is applied anew: its answer may get lost.
  absl::Status NoteInFlight(const AppEnvironment& owner,
                            const std::vector<InventoryEntry>& entries);
  absl::Status NoteApplied(const AppEnvironment& owner, const std::vector<InventoryEntry>& entries);
  // Before the first request to delete them. Gives those that went to another app instead.
  absl::StatusOr<std::vector<InventoryEntry>> NoteDeleting(
      const AppEnvironment& owner, const std::vector<InventoryEntry>& entries);
  // Takes out what is proven to be gone, or is left to itself.
  absl::Status Remove(const AppEnvironment& owner, const std::vector<InventoryEntry>& entries);

 private:
  // A transaction of the holder.
  template <typename Body>
  auto Write(std::string_view name, Body&& body);

  db::Pool& pool_;
  const ClusterLease& lease_;
  const std::string cluster_;
  mutable Mutex mu_;
  std::map<AppEnvironment, Entries> apps_ SLIPWAY_GUARDED_BY(mu_);
};

// The sync options that matter when an object has left Git, as an inventory keeps them.
std::string PruneOptionsText(const sync::SyncOptions& options);

// Entries as the gate of pruning judges them.
sync::Inventory ToSync(const Inventory::Entries& entries);
sync::InventoryEntry ToSync(const InventoryEntry& entry);

}  // namespace slipway::gitops::kubernetes
