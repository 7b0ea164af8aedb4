#include "services/gitops/target/target_set.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/store/hook_store.h"
#include "services/gitops/target/kubernetes/access.h"
#include "services/gitops/target/kubernetes/cluster_check.h"
#include "services/gitops/target/kubernetes/errors.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr char kLocal[] = "local";

}  // namespace

absl::StatusOr<std::shared_ptr<kubernetes::KubernetesTarget>> TargetSet::Find(
    const std::string& cluster) {
  int64_t forgotten;
  while (true) {
    {
      MutexLock lock(mu_);
      const auto found = clusters_.find(cluster);
      if (found != clusters_.end()) return found->second;
      forgotten = forgotten_;
    }
    SLIPWAY_ASSIGN_OR_RETURN(auto made, Make(cluster));
    MutexLock lock(mu_);
    // A definition that changed while it was read may be the old one.
    if (forgotten == forgotten_) return clusters_.emplace(cluster, std::move(made)).first->second;
  }
}

absl::StatusOr<std::shared_ptr<kubernetes::KubernetesTarget>> TargetSet::Make(
    const std::string& cluster) {
  const auto definition = parts_.pipeline.ResolveCluster(cluster);
  if (absl::IsNotFound(definition.status())) return kubernetes::ClusterUnknown(cluster);
  if (!definition.ok()) return definition.status();
  auto access = kubernetes::AccessOf(*definition);
  if (!access.ok()) return kubernetes::ClusterInvalid(cluster, access.status());
  auto health = kubernetes::HealthOptionsOf(*definition);
  if (!health.ok()) return kubernetes::ClusterInvalid(cluster, health.status());
  auto target = kubernetes::KubernetesTarget::Create(
      parts_.pool,
      {.cluster = cluster,
       .installation = parts_.installation,
       .access = *std::move(access),
       .health = *std::move(health),
       .sweep_interval = parts_.sweep_interval,
       .guard = definition->in_cluster() ? nullptr : parts_.guard,
       .metrics = parts_.metrics,
       .changed = [this](const AppEnvironment& where) {
         MutexLock lock(telling_);
         if (changed_) changed_(where);
       }});
  if (!target.ok()) return kubernetes::ClusterInvalid(cluster, target.status());
  return std::shared_ptr<kubernetes::KubernetesTarget>(*std::move(target));
}

void TargetSet::Forget(const std::string& cluster) {
  std::shared_ptr<kubernetes::KubernetesTarget> old;
  MutexLock lock(mu_);
  ++forgotten_;
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return;
  old = std::move(found->second);
  clusters_.erase(found);
}

absl::StatusOr<Applied> TargetSet::Apply(const DesiredState& desired) {
  absl::StatusOr<Applied> applied;
  if (desired.cluster == kLocal) {
    applied = parts_.local.Apply(desired);
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
    applied = target->Apply(desired);
  }
  if (!applied.ok() || !applied->waiting.empty() || desired.previous_cluster.empty()) {
    return applied;
  }
  const absl::Status left = DeleteFrom(desired.previous_cluster, desired.where);
  if (!left.ok()) {
    applied->notes.push_back("it still runs on cluster \"" + desired.previous_cluster +
                             "\", too: " + MessageOf(left));
  }
  return applied;
}

absl::StatusOr<Observation> TargetSet::Observe(const DesiredState& desired) {
  if (desired.cluster == kLocal) return parts_.local.Observe(desired);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
  return target->Observe(desired);
}

absl::StatusOr<std::vector<AppEnvironment>> TargetSet::List() {
  SLIPWAY_ASSIGN_OR_RETURN(auto all, db::RunTx(parts_.pool, "targets.list", kTxTime,
                                               [](db::Tx& tx) { return inventory::Owners(tx); }));
  SLIPWAY_ASSIGN_OR_RETURN(const auto local, parts_.local.List());
  all.insert(all.end(), local.begin(), local.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

absl::StatusOr<slipway::gitops::v1::ResourceTree> TargetSet::Tree(const DesiredState& desired) {
  if (desired.cluster == kLocal) return kubernetes::NotOnACluster(desired.where);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
  return target->Tree(desired);
}

absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> TargetSet::Diff(
    const DesiredState& desired) {
  if (desired.cluster == kLocal) return kubernetes::NotOnACluster(desired.where);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
  return target->Diff(desired);
}

absl::StatusOr<slipway::gitops::v1::CheckClusterResponse> TargetSet::Check(
    const std::string& cluster) {
  if (cluster == kLocal) return kubernetes::ClusterIsLocal(cluster);
  SLIPWAY_ASSIGN_OR_RETURN(const auto definition, parts_.pipeline.ResolveCluster(cluster));
  return kubernetes::CheckCluster(definition, definition.in_cluster() ? nullptr : parts_.guard);
}

absl::Status TargetSet::DeleteFrom(const std::string& cluster, const AppEnvironment& where) {
  if (cluster == kLocal) return parts_.local.Delete(where);
  const auto target = Find(cluster);
  // Nobody can sign in there any more: what it has is left to itself.
  if (absl::IsFailedPrecondition(target.status())) {
    log::Warn("kubernetes.cluster_gone", "its objects are left to themselves",
              {{"cluster", cluster}, {"environment", where.Name()}});
    return db::RunTx(parts_.pool, "targets.drop", kTxTime, [&](db::Tx& tx) -> absl::Status {
      SLIPWAY_ASSIGN_OR_RETURN(const auto entries, inventory::OfOwner(tx, cluster, where));
      SLIPWAY_RETURN_IF_ERROR(inventory::Remove(tx, cluster, entries));
      SLIPWAY_RETURN_IF_ERROR(hooks::ForgetAll(tx, cluster, where));
      return hooks::KeepForDeletion(tx, cluster, where, {});
    });
  }
  if (!target.ok()) return target.status();
  return (*target)->Delete(where);
}

absl::Status TargetSet::DeleteElsewhere(const AppEnvironment& where, const std::string& but) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto clusters,
                           db::RunTx(parts_.pool, "targets.clusters_of", kTxTime,
                                     [&](db::Tx& tx) { return inventory::ClustersOf(tx, where); }));
  for (const std::string& cluster : clusters) {
    if (cluster != but) SLIPWAY_RETURN_IF_ERROR(DeleteFrom(cluster, where));
  }
  return absl::OkStatus();
}

absl::Status TargetSet::Delete(const AppEnvironment& where) {
  SLIPWAY_RETURN_IF_ERROR(DeleteElsewhere(where, kLocal));
  return parts_.local.Delete(where);
}

void TargetSet::Subscribe(OnChange changed) {
  parts_.local.Subscribe(changed);
  MutexLock lock(telling_);
  changed_ = std::move(changed);
}

void TargetSet::Unsubscribe() {
  parts_.local.Unsubscribe();
  MutexLock lock(telling_);
  changed_ = nullptr;
}

}  // namespace slipway::gitops
