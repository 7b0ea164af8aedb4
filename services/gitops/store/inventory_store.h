#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "libs/kube/managed_fields.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops {

// An object on a cluster that belongs to an app in an environment. A value.
struct InventoryEntry {
  enum class State {
    kPending,   // about to be applied, or applied without that being known
    kApplied,   // `content` was applied and `seen` was the answer
    kDeleting,  // to be deleted, or being deleted
  };

  kube::ObjectId id = {};
  std::string version = {};  // of its kind, as it was applied last
  AppEnvironment owner = {};
  State state = State::kPending;
  std::string uid = {};      // empty: never seen
  int wave = 0;              // for the order of pruning
  std::string options = {};  // sync options that it had, for pruning
  uint64_t content = 0;      // digest of the applied object; 0: not known
  kube::Observation seen = {};
  bool in_flight = false;       // an apply was begun whose answer is not recorded
  std::string taken_from = {};  // folder of the app whose mark it carries until it is applied anew
};

}  // namespace slipway::gitops

// What is ours on the clusters. Functions within the caller's transaction.
namespace slipway::gitops::inventory {

absl::StatusOr<std::vector<InventoryEntry>> OfOwner(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner);
absl::StatusOr<std::vector<InventoryEntry>> OfCluster(db::Tx& tx, const std::string& cluster);
// Clusters on which the app has objects in this environment, hooks and what they left included.
absl::StatusOr<std::vector<std::string>> ClustersOf(db::Tx& tx, const AppEnvironment& owner);
// Uids of objects that the app has in this environment on other clusters than this one.
absl::StatusOr<std::set<std::string>> UidsElsewhere(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner);

// Writes the entries ahead of applying them: new ones as pending, those of their owner that were
// being deleted as pending again. Gives the entries that stayed with another owner.
absl::StatusOr<std::vector<InventoryEntry>> Claim(db::Tx& tx, const std::string& cluster,
                                                  const std::vector<InventoryEntry>& entries);
// Writes down that the entries' owner has objects in its folder, too, that stayed with others.
absl::Status Want(db::Tx& tx, const std::string& cluster,
                  const std::vector<InventoryEntry>& entries);
// Before entries that are applied are applied anew.
absl::Status NoteInFlight(db::Tx& tx, const std::string& cluster,
                          const std::vector<InventoryEntry>& entries);
// Gives entries that their owner has dropped to the app that wants them, instead of deleting the
// objects. Those that changed hands, with their new owner.
absl::StatusOr<std::vector<InventoryEntry>> HandOver(db::Tx& tx, const std::string& cluster,
                                                     const std::vector<InventoryEntry>& entries);
// An app that has objects on a cluster.
struct Place {
  std::string cluster = {};
  AppEnvironment where = {};
};
// All of them.
absl::StatusOr<std::vector<Place>> Owners(db::Tx& tx);
// Those where it is not the cluster on which the app was applied last, or where it is about to be.
absl::StatusOr<std::vector<Place>> Strays(db::Tx& tx);
// What the answers to applies showed: state kApplied, with version, uid, wave, options, content
// and seen.
absl::Status NoteApplied(db::Tx& tx, const std::string& cluster,
                         const std::vector<InventoryEntry>& entries);
absl::Status NoteDeleting(db::Tx& tx, const std::string& cluster,
                          const std::vector<InventoryEntry>& entries);
// Takes out what is proven to be gone, as far as it still belongs to the entry's owner.
absl::Status Remove(db::Tx& tx, const std::string& cluster,
                    const std::vector<InventoryEntry>& entries);

}  // namespace slipway::gitops::inventory
