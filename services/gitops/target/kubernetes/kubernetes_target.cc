#include "services/gitops/target/kubernetes/kubernetes_target.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/gitops/domain/limits_check.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/dry_run.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/read_object.h"
#include "services/gitops/target/kubernetes/resource_tree.h"

namespace slipway::gitops::kubernetes {
namespace {

// So many plans are kept; one is made in less time than it takes to apply it.
constexpr size_t kMostPlans = 512;

// While a cluster is away its apps are looked at this often.
constexpr absl::Duration kTroubleLook = absl::Seconds(5);

// What a plan is made of, as far as it changes.
std::string KeyOf(const DesiredState& desired) {
  std::string key = desired.tree + "\n" + desired.k8s_namespace;
  for (const auto& ignored : desired.ignored) key += "\n" + ignored.SerializeAsString();
  for (const PullCredential& credential : desired.credentials) {
    key +=
        "\n" + Sha256Hex(credential.host + "\n" + credential.username + "\n" + credential.password);
  }
  return key;
}

Cluster::Options ClusterOptions(const KubernetesTarget::Options& options,
                                const std::string& manager) {
  return {.access = options.access,
          .health = options.health,
          .manager = manager,
          .label_selector = Join({kManagedByLabel, options.installation}, "="),
          .guard = options.guard,
          .metrics = options.metrics,
          .may_write = [lease = options.lease] { return lease != nullptr && lease->Valid(); },
          .changed = options.changed};
}

}  // namespace

absl::StatusOr<std::unique_ptr<KubernetesTarget>> KubernetesTarget::Create(db::Pool& pool,
                                                                           Options options) {
  SLIPWAY_ASSIGN_OR_RETURN(
      auto cluster, Cluster::Create(ClusterOptions(options, "slipway-" + options.installation)));
  return std::unique_ptr<KubernetesTarget>(
      new KubernetesTarget(pool, std::move(options), std::move(cluster)));
}

KubernetesTarget::KubernetesTarget(db::Pool& pool, Options options,
                                   std::unique_ptr<Cluster> cluster)
    : options_(std::move(options)),
      lease_(options_.lease ? options_.lease
                            : std::make_shared<const ClusterLease>(options_.cluster, 1)),
      manager_("slipway-" + options_.installation),
      cluster_(std::move(cluster)),
      inventory_(pool, *lease_, options_.cluster),
      hooks_(pool, *lease_, *cluster_, options_.cluster, manager_),
      deletion_hooks_(pool, *lease_, hooks_, options_.cluster),
      applier_(*cluster_, inventory_, hooks_, manager_),
      pruner_(*cluster_, inventory_, options_.changed),
      explainer_(*cluster_),
      verifier_(*cluster_, inventory_, manager_),
      sweeper_(*cluster_, inventory_, options_.sweep_interval) {}

absl::Status KubernetesTarget::EnsureOpen() {
  MutexLock lock(opening_);
  if (open_) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(inventory_.Load());
  SLIPWAY_RETURN_IF_ERROR(deletion_hooks_.Load());
  std::set<std::pair<kube::Gvk, std::string>> kinds;  // with their namespaces
  for (const InventoryEntry& entry : inventory_.All()) {
    cluster_->live().Follow(entry.id, entry.owner);
    kinds.insert({{entry.id.group, entry.version, entry.id.kind}, entry.id.ns});
  }
  for (const auto& [kind, ns] : kinds) {
    const auto resource = cluster_->discovery().Find(kind);
    if (resource.ok()) {
      cluster_->Watch(*resource, ns);
    } else if (!absl::IsNotFound(resource.status())) {
      return ClusterAway(options_.cluster, resource.status());
    }
  }
  open_ = true;
  return absl::OkStatus();
}

absl::Status KubernetesTarget::OpenFor(const DesiredState& desired) {
  if (options_.lease) return EnsureOpen();
  SLIPWAY_RETURN_IF_ERROR(inventory_.LoadOnly(desired.where));
  SLIPWAY_ASSIGN_OR_RETURN(const auto plan, PlanOf(desired));
  std::map<kube::ObjectId, kube::Gvk> objects;
  for (const auto& [id, entry] : inventory_.Of(desired.where))
    objects[id] = {id.group, entry.version, id.kind};
  for (const PlannedObject& planned : plan->objects) {
    if (!planned.role.hook) objects[planned.id] = planned.gvk;
  }
  std::vector<kube::ObjectId> ids;
  std::vector<kube::Target> targets;
  for (const auto& [id, gvk] : objects) {
    const auto resource = cluster_->discovery().Find(gvk);
    if (!resource.ok()) continue;
    ids.push_back(id);
    targets.push_back({*resource, id.ns, id.name});
  }
  kube::ObjectApi::GetOptions get;
  get.owner = desired.where.Folder();
  const std::vector<kube::Answer> seen = GetAll(cluster_->api(), targets, get);
  for (size_t i = 0; i < ids.size(); ++i) {
    cluster_->live().Follow(ids[i], desired.where);
    if (seen[i].outcome == kube::Outcome::kNotFound) cluster_->live().Put(ids[i], {});
    if (!seen[i].ok()) continue;
    if (const auto object = ReadObject(seen[i].body); object.ok()) cluster_->Note(ids[i], *object);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Plan>> KubernetesTarget::PlanOf(const DesiredState& desired) {
  const std::string key = KeyOf(desired);
  {
    MutexLock lock(mu_);
    const auto found = plans_.find(desired.where);
    if (found != plans_.end() && found->second.key == key) return found->second.plan;
  }
  absl::Status trouble;
  PlanOptions options{.installation = options_.installation};
  options.scope = [&](const kube::Gvk& gvk) -> std::optional<kube::Scope> {
    const auto resource = cluster_->discovery().Find(gvk);
    if (resource.ok())
      return resource->namespaced ? kube::Scope::kNamespaced : kube::Scope::kCluster;
    if (!absl::IsNotFound(resource.status())) trouble.Update(resource.status());
    return std::nullopt;
  };
  auto plan = MakePlan(desired, options);
  if (!trouble.ok()) return ClusterAway(options_.cluster, trouble);
  if (!plan.ok()) return plan.status();
  auto kept = std::make_shared<const kubernetes::Plan>(*std::move(plan));
  if (!kept->scopes_known) return kept;
  MutexLock lock(mu_);
  if (plans_.size() >= kMostPlans) plans_.clear();
  plans_[desired.where] = {key, kept};
  return kept;
}

absl::StatusOr<Applied> KubernetesTarget::Apply(const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(EnsureOpen());
  SLIPWAY_ASSIGN_OR_RETURN(const auto plan, PlanOf(desired));
  std::vector<kube::ObjectId> objects;
  for (const PlannedObject& object : plan->objects) objects.push_back(object.id);
  SLIPWAY_RETURN_IF_ERROR(CheckLimits(desired, objects));
  SLIPWAY_RETURN_IF_ERROR(verifier_.Settle(desired, *plan));
  SLIPWAY_ASSIGN_OR_RETURN(Applied applied, applier_.Run(desired, *plan));
  if (!applied.waiting.empty()) return applied;
  SLIPWAY_RETURN_IF_ERROR(deletion_hooks_.Keep(desired.where, *plan));
  SLIPWAY_ASSIGN_OR_RETURN(const Pruner::Result pruned,
                           pruner_.Prune(desired.where, *plan, desired.prune_confirmed));
  applied.changed = applied.changed || pruned.changed;
  applied.notes = pruned.kept;
  return applied;
}

absl::StatusOr<Observation> KubernetesTarget::Observe(const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(EnsureOpen());
  SLIPWAY_ASSIGN_OR_RETURN(const auto plan, PlanOf(desired));
  const absl::Status trouble = cluster_->Trouble();
  absl::Duration next_sweep = absl::InfiniteDuration();
  if (trouble.ok()) {
    next_sweep = sweeper_.Sweep(desired.where, *plan);
    SLIPWAY_RETURN_IF_ERROR(verifier_.Settle(desired, *plan));
  }
  Judgement judgement = JudgeApp(*plan, inventory_.Of(desired.where),
                                 [this](const kube::ObjectId& id) { return cluster_->Find(id); });
  Observation& seen = judgement.seen;
  if (judgement.culprit == nullptr) {
    explainer_.Settle(desired.where);
  } else {
    const Explainer::Explanation why = explainer_.Explain(desired.where, *judgement.culprit);
    if (!why.text.empty()) seen.reason += ", " + why.text;
    seen.look_again = why.again;
  }
  seen.look_again = std::min(seen.look_again, next_sweep);
  if (!trouble.ok()) {
    seen.health = Health::DeploymentStatus_Health_UNKNOWN;
    seen.reason = MessageOf(ClusterAway(options_.cluster, trouble));
    seen.drift.clear();
    seen.look_again = kTroubleLook;
  }
  return seen;
}

absl::StatusOr<slipway::gitops::v1::ResourceTree> KubernetesTarget::Tree(
    const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(OpenFor(desired));
  SLIPWAY_ASSIGN_OR_RETURN(const auto plan, PlanOf(desired));
  return TreeOf(desired, *plan, inventory_.Of(desired.where), *cluster_);
}

absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> KubernetesTarget::Diff(
    const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(OpenFor(desired));
  SLIPWAY_ASSIGN_OR_RETURN(const auto plan, PlanOf(desired));
  return DryRun(desired, *plan, inventory_.Of(desired.where), *cluster_, manager_);
}

absl::Status KubernetesTarget::Delete(const AppEnvironment& where) {
  SLIPWAY_RETURN_IF_ERROR(EnsureOpen());
  {
    MutexLock lock(mu_);
    plans_.erase(where);
  }
  applier_.Forget(where);
  verifier_.Forget(where);
  sweeper_.Forget(where);
  SLIPWAY_RETURN_IF_ERROR(deletion_hooks_.Run(where, sync::Phase::kPreDelete));
  SLIPWAY_RETURN_IF_ERROR(pruner_.DeleteAll(where));
  SLIPWAY_RETURN_IF_ERROR(deletion_hooks_.Run(where, sync::Phase::kPostDelete));
  SLIPWAY_RETURN_IF_ERROR(deletion_hooks_.Forget(where));
  return hooks_.DeleteAll(where);
}

}  // namespace slipway::gitops::kubernetes
