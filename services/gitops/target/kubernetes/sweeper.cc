#include "services/gitops/target/kubernetes/sweeper.h"

#include <algorithm>
#include <vector>

#include "absl/time/clock.h"
#include "libs/kube/digest.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);

}  // namespace

absl::Duration SweepOffset(const AppEnvironment& where, absl::Duration interval) {
  kube::Digest digest;
  digest.Add('a', where.Folder());
  return interval * (static_cast<double>(digest.Finish() % 4096) / 4096);
}

void Sweeper::Forget(const AppEnvironment& where) {
  MutexLock lock(mu_);
  due_.erase(where);
}

absl::Duration Sweeper::Sweep(const AppEnvironment& where, const Plan& plan) {
  std::vector<const PlannedObject*> blind;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    if (Cluster::WatchesMetadataOnly(planned.gvk)) blind.push_back(&planned);
  }
  if (blind.empty()) return absl::InfiniteDuration();
  const absl::Time now = absl::Now();
  {
    MutexLock lock(mu_);
    const auto [due, is_new] = due_.try_emplace(where, now + SweepOffset(where, interval_));
    if (now < due->second) return due->second - now;
    due->second = now + interval_;
  }
  const Inventory::Entries entries = inventory_.Of(where);
  std::vector<kube::Target> targets;
  for (const PlannedObject* planned : blind) {
    const auto entry = entries.find(planned->id);
    if (entry == entries.end() || entry->second.state != InventoryEntry::State::kApplied) continue;
    const kube::Gvk& gvk = planned->gvk;
    const auto resource = cluster_.discovery().FindKnown(gvk.group, gvk.version, gvk.kind);
    if (resource) targets.push_back({*resource, planned->id.ns, planned->id.name});
  }
  if (targets.empty()) return interval_;
  kube::ObjectApi::GetOptions get;
  get.owner = where.Folder();
  get.timeout = kPatience;
  for (const kube::Answer& answer : GetAll(cluster_.api(), targets, get)) {
    if (!answer.ok()) continue;
    const auto object = ReadObject(answer.body);
    if (object.ok()) cluster_.Note(object->id(), *object);
  }
  return interval_;
}

}  // namespace slipway::gitops::kubernetes
