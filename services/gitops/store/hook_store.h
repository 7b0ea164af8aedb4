#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops {

// One hook in one sync. A value.
struct HookRun {
  enum class State { kPending, kRunning, kSucceeded, kFailed };

  std::string phase = {};    // "PreSync"
  kube::ObjectId id = {};    // with the name that it has on the cluster
  std::string version = {};  // of its kind
  std::string tree = {};     // the sync: id of the tree that is applied; empty: an earlier one
  std::string uid = {};      // empty: not known yet
  State state = State::kPending;
  std::string message = {};  // why it failed
};

}  // namespace slipway::gitops

// Hooks of the newest sync of each app, and those of earlier ones whose objects may still be there.
// Functions within the caller's transaction.
namespace slipway::gitops::hooks {

absl::StatusOr<std::vector<HookRun>> Of(db::Tx& tx, const std::string& cluster,
                                        const AppEnvironment& owner);
absl::Status Put(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                 const HookRun& run);
// The newest sync is that of `tree`: those of others become earlier ones, as far as something may
// be left of them.
absl::Status Begin(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                   const std::string& tree);
absl::Status ForgetAll(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner);

// Bodies of the hooks that run when the app is deleted, in the order of its folder.
absl::Status KeepForDeletion(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                             const std::vector<std::string>& bodies);
absl::StatusOr<std::vector<std::string>> OfDeletion(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner);
absl::StatusOr<std::vector<AppEnvironment>> OwnersOfDeletion(db::Tx& tx,
                                                             const std::string& cluster);

}  // namespace slipway::gitops::hooks
