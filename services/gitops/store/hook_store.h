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
  std::string tree = {};     // the sync: id of the tree that is applied
  std::string uid = {};      // empty: not known yet
  State state = State::kPending;
  std::string message = {};  // why it failed
};

}  // namespace slipway::gitops

// Hooks of the newest sync of each app. Functions within the caller's transaction.
namespace slipway::gitops::hooks {

absl::StatusOr<std::vector<HookRun>> Of(db::Tx& tx, const std::string& cluster,
                                        const AppEnvironment& owner);
absl::Status Put(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                 const HookRun& run);
// Those of other syncs than that of `tree`.
absl::Status ForgetOthers(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                          const std::string& tree);

}  // namespace slipway::gitops::hooks
