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

}  // namespace

absl::StatusOr<TargetSet::ClusterTarget> TargetSet::Find(const std::string& cluster) {
  int64_t forgotten;
  while (true) {
    const auto lease = parts_.holdings->LeaseOn(cluster);
    if (lease == nullptr) return kubernetes::ClusterNotHeld(cluster);
    Connected old;  // ends outside the lock
    {
      MutexLock lock(mu_);
      const auto found = clusters_.find(cluster);
      if (found != clusters_.end() && found->second.lease == lease) return found->second.target;
      if (found != clusters_.end()) {
        old = std::move(found->second);
        clusters_.erase(found);
      }
      forgotten = forgotten_;
    }
    SLIPWAY_ASSIGN_OR_RETURN(ClusterTarget made, Connect(cluster, lease));
    MutexLock lock(mu_);
    // A definition that changed while it was read may be the old one.
    if (forgotten != forgotten_) continue;
    return clusters_.try_emplace(cluster, Connected{lease, std::move(made)}).first->second.target;
  }
}

absl::StatusOr<TargetSet::ClusterTarget> TargetSet::FindToLook(const std::string& cluster) {
  return parts_.holdings->Holds(cluster) ? Find(cluster) : Connect(cluster, nullptr);
}

absl::StatusOr<TargetSet::ClusterTarget> TargetSet::Connect(
    const std::string& cluster, std::shared_ptr<const ClusterLease> lease) {
  const auto definition = parts_.pipeline.ResolveCluster(cluster);
  if (absl::IsNotFound(definition.status())) return kubernetes::ClusterUnknown(cluster);
  if (!definition.ok()) return definition.status();
  auto access = kubernetes::AccessOf(*definition);
  if (!access.ok()) return kubernetes::ClusterInvalid(cluster, access.status());
  auto health = kubernetes::HealthOptionsOf(*definition);
  if (!health.ok()) return kubernetes::ClusterInvalid(cluster, health.status());
  auto target = kubernetes::KubernetesTarget::Create(
      parts_.pool, {.cluster = cluster,
                    .installation = parts_.installation,
                    .access = *std::move(access),
                    .health = *std::move(health),
                    .sweep_interval = parts_.sweep_interval,
                    .guard = definition->in_cluster() ? nullptr : parts_.guard,
                    .metrics = parts_.metrics,
                    .lease = std::move(lease),
                    .changed = [this](const AppEnvironment& where) {
                      MutexLock lock(telling_);
                      if (changed_) changed_(where);
                    }});
  if (!target.ok()) return kubernetes::ClusterInvalid(cluster, target.status());
  return ClusterTarget(*std::move(target));
}

void TargetSet::Forget(const std::string& cluster) {
  Connected old;  // ends outside the lock
  MutexLock lock(mu_);
  ++forgotten_;
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return;
  old = std::move(found->second);
  clusters_.erase(found);
}

void TargetSet::ForgetAll() {
  std::map<std::string, Connected> old;
  MutexLock lock(mu_);
  ++forgotten_;
  old.swap(clusters_);
}

absl::StatusOr<Applied> TargetSet::Apply(const DesiredState& desired) {
  absl::StatusOr<Applied> applied;
  if (desired.cluster == kLocalCluster) {
    applied = parts_.local.Apply(desired);
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
    applied = target->Apply(desired);
  }
  if (!applied.ok() || !applied->waiting.empty() || desired.previous_cluster.empty()) {
    return applied;
  }
  // Where another process works, that one does it.
  const auto work = parts_.holdings->Enter(desired.previous_cluster);
  if (work == nullptr) return applied;
  const absl::Status left = DeleteFrom(desired.previous_cluster, desired.where);
  if (!left.ok()) {
    applied->notes.push_back("it still runs on cluster \"" + desired.previous_cluster +
                             "\", too: " + MessageOf(left));
  }
  return applied;
}

absl::StatusOr<Observation> TargetSet::Observe(const DesiredState& desired) {
  if (desired.cluster == kLocalCluster) return parts_.local.Observe(desired);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, Find(desired.cluster));
  return target->Observe(desired);
}

absl::StatusOr<std::vector<AppEnvironment>> TargetSet::List() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto owners,
                           db::RunRead(parts_.pool, "targets.list", kTxTime,
                                       [](db::Tx& tx) { return inventory::Owners(tx); }));
  std::vector<AppEnvironment> all;
  for (const inventory::Place& place : owners) {
    if (parts_.holdings->Holds(place.cluster)) all.push_back(place.where);
  }
  if (parts_.holdings->Holds(kLocalCluster)) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto local, parts_.local.List());
    all.insert(all.end(), local.begin(), local.end());
    MutexLock lock(mu_);
    on_local_ = {local.begin(), local.end()};
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

absl::StatusOr<slipway::gitops::v1::ResourceTree> TargetSet::Tree(const DesiredState& desired) {
  if (desired.cluster == kLocalCluster) return kubernetes::NotOnACluster(desired.where);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, FindToLook(desired.cluster));
  return target->Tree(desired);
}

absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> TargetSet::Diff(
    const DesiredState& desired) {
  if (desired.cluster == kLocalCluster) return kubernetes::NotOnACluster(desired.where);
  SLIPWAY_ASSIGN_OR_RETURN(const auto target, FindToLook(desired.cluster));
  return target->Diff(desired);
}

absl::StatusOr<slipway::gitops::v1::CheckClusterResponse> TargetSet::Check(
    const std::string& cluster) {
  if (cluster == kLocalCluster) return kubernetes::ClusterIsLocal(cluster);
  SLIPWAY_ASSIGN_OR_RETURN(const auto definition, parts_.pipeline.ResolveCluster(cluster));
  return kubernetes::CheckCluster(definition, definition.in_cluster() ? nullptr : parts_.guard);
}

absl::Status TargetSet::DeleteFrom(const std::string& cluster, const AppEnvironment& where) {
  if (cluster == kLocalCluster) return parts_.local.Delete(where);
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

absl::Status TargetSet::Leave(const AppEnvironment& where, const std::set<std::string>& but) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto clusters,
      db::RunRead(parts_.pool, "targets.clusters_of", kTxTime,
                  [&](db::Tx& tx) { return inventory::ClustersOf(tx, where); }));
  for (const std::string& cluster : clusters) {
    if (but.contains(cluster)) continue;
    const auto work = parts_.holdings->Enter(cluster);
    if (work != nullptr) SLIPWAY_RETURN_IF_ERROR(DeleteFrom(cluster, where));
  }
  if (but.contains(kLocalCluster)) return absl::OkStatus();
  {
    MutexLock lock(mu_);
    if (!on_local_.contains(where)) return absl::OkStatus();
  }
  const auto work = parts_.holdings->Enter(kLocalCluster);
  return work != nullptr ? parts_.local.Delete(where) : absl::OkStatus();
}

absl::Status TargetSet::Delete(const AppEnvironment& where) {
  SLIPWAY_RETURN_IF_ERROR(Leave(where, {kLocalCluster}));
  const auto work = parts_.holdings->Enter(kLocalCluster);
  return work != nullptr ? parts_.local.Delete(where) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TargetSet::Elsewhere(const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(
      auto clusters, db::RunRead(parts_.pool, "targets.elsewhere", kTxTime,
                                 [&](db::Tx& tx) { return inventory::ClustersOf(tx, where); }));
  std::erase_if(clusters,
                [&](const std::string& cluster) { return parts_.holdings->Holds(cluster); });
  return clusters;
}

absl::StatusOr<std::vector<AppEnvironment>> TargetSet::Strays() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto places,
                           db::RunRead(parts_.pool, "targets.strays", kTxTime,
                                       [](db::Tx& tx) { return inventory::Strays(tx); }));
  std::vector<AppEnvironment> strays;
  for (const inventory::Place& place : places) {
    if (parts_.holdings->Holds(place.cluster)) strays.push_back(place.where);
  }
  return strays;
}

void TargetSet::Subscribe(OnChange changed) {
  {
    MutexLock lock(telling_);
    changed_ = std::move(changed);
  }
  if (parts_.holdings->Holds(kLocalCluster)) WatchLocal();
}

void TargetSet::WatchLocal() {
  parts_.local.Subscribe([this](const AppEnvironment& where) {
    MutexLock lock(telling_);
    if (changed_) changed_(where);
  });
}

void TargetSet::Unsubscribe() {
  parts_.local.Unsubscribe();
  MutexLock lock(telling_);
  changed_ = nullptr;
}

}  // namespace slipway::gitops
