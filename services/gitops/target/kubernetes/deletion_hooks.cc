#include "services/gitops/target/kubernetes/deletion_hooks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/kube/digest.h"
#include "services/gitops/domain/run_held.h"
#include "services/gitops/store/hook_store.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
// Stands for the tree of a sync: a deletion has none.
constexpr char kDeletion[] = "deletion";

bool IsOfDeletion(const PlannedObject& planned) {
  return planned.role.hook &&
         std::any_of(planned.role.phases.begin(), planned.role.phases.end(), [](sync::Phase phase) {
           return phase == sync::Phase::kPreDelete || phase == sync::Phase::kPostDelete;
         });
}

}  // namespace

absl::Status DeletionHooks::Load() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto owners,
                           db::RunRead(pool_, "deletion_hooks.owners", kTxTime, [&](db::Tx& tx) {
                             return hooks::OwnersOfDeletion(tx, cluster_);
                           }));
  MutexLock lock(mu_);
  kept_.clear();
  for (const AppEnvironment& owner : owners) kept_[owner] = 0;
  return absl::OkStatus();
}

absl::Status DeletionHooks::Keep(const AppEnvironment& owner, const Plan& plan) {
  std::vector<std::string> bodies;
  kube::Digest digest;
  for (const PlannedObject& planned : plan.objects) {
    if (!IsOfDeletion(planned)) continue;
    bodies.push_back(planned.body);
    digest.Add('b', planned.body);
  }
  const uint64_t content = digest.Finish();
  {
    MutexLock lock(mu_);
    const auto known = kept_.find(owner);
    const bool same =
        known == kept_.end() ? bodies.empty() : !bodies.empty() && known->second == content;
    if (same) return absl::OkStatus();
  }
  const absl::Status kept = RunHeld(pool_, lease_, "deletion_hooks.keep", kTxTime, [&](db::Tx& tx) {
    return hooks::KeepForDeletion(tx, cluster_, owner, bodies);
  });
  SLIPWAY_RETURN_IF_ERROR(kept);
  MutexLock lock(mu_);
  if (bodies.empty()) {
    kept_.erase(owner);
  } else {
    kept_[owner] = content;
  }
  return absl::OkStatus();
}

absl::Status DeletionHooks::Run(const AppEnvironment& owner, sync::Phase phase) {
  {
    MutexLock lock(mu_);
    if (!kept_.contains(owner)) return absl::OkStatus();
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto bodies,
                           db::RunRead(pool_, "deletion_hooks.of", kTxTime, [&](db::Tx& tx) {
                             return hooks::OfDeletion(tx, cluster_, owner);
                           }));
  Plan plan;
  std::vector<kube::Object> objects;
  for (const std::string& body : bodies) {
    SLIPWAY_ASSIGN_OR_RETURN(kube::Object object, ReadObject(body));
    plan.objects.push_back(ToPlanned(object));
    plan.objects.back().body = body;
    objects.push_back(std::move(object));
  }
  const DesiredState desired{.where = owner, .cluster = cluster_, .tree = kDeletion};
  for (const sync::Stage& stage : sync::OrderDeleteHooks(objects, phase)) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string waiting, runner_.Run(desired, plan, stage));
    if (!waiting.empty()) return absl::UnavailableError("waiting for " + waiting);
  }
  return absl::OkStatus();
}

absl::Status DeletionHooks::Forget(const AppEnvironment& owner) { return Keep(owner, Plan()); }

}  // namespace slipway::gitops::kubernetes
