#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/object.h"
#include "services/gitops/sync/phases.h"

namespace slipway::gitops::sync {

// Rank of a kind in Argo CD's order of applying: namespaces first, API services last, kinds that
// Kubernetes doesn't bring itself just before these.
int KindRank(const kube::ObjectId& id);

// What must hold before the next stage begins.
enum class Await {
  kApplied,      // everything is applied
  kEstablished,  // and namespaces and definitions can be used
  kHealthy,      // and everything is healthy
};

// Objects that may be applied at once; `members` are indices into the objects that were planned, in
// the order in which to begin. A value.
struct Stage {
  Phase phase = Phase::kSync;
  int wave = 0;
  Await await = Await::kApplied;
  std::vector<size_t> members = {};
};

// The order of a sync. A value.
struct SyncOrder {
  std::vector<Stage> stages = {};     // PreSync, Sync, PostSync
  std::vector<Stage> sync_fail = {};  // run when one of them fails
  // More than one phase or wave, or a hook: the sync ends when all is healthy, and a wave begins
  // when the one before is. Otherwise it ends when all is applied.
  bool multi_step = false;
  std::vector<size_t> never = {};  // skipped, and hooks that never run
};

// Orders the objects of an app by phase, wave, kind and name. A namespace is applied no later than
// the first object in it, a definition no later than the first object of its kind, with a stage of
// their own in front of the others of their wave; so are classes and cluster-wide rights, which
// admission asks for. Bare pods follow what they use; webhook configurations and API services come
// last in their wave, since they may stand in the way of the others.
SyncOrder OrderSync(const std::vector<kube::Object>& objects);

// The hooks of one phase of a deletion (PreDelete, PostDelete), by wave.
std::vector<Stage> OrderDeleteHooks(const std::vector<kube::Object>& objects, Phase phase);

// An object that is to be deleted, with what its annotations on the cluster say. A value.
struct PruneItem {
  kube::ObjectId id = {};
  int wave = 0;
  bool last = false;  // PruneLast
};

// The order of deleting: waves backwards, kinds backwards, definitions and namespaces after what
// may be in them, those with PruneLast at the very end. Each inner list may be deleted at once, and
// the next begins when these are gone. Indices into `items`.
std::vector<std::vector<size_t>> OrderPrune(const std::vector<PruneItem>& items);

}  // namespace slipway::gitops::sync
