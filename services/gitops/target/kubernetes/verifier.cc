#include "services/gitops/target/kubernetes/verifier.h"

#include <algorithm>
#include <vector>

#include "libs/base/status.h"
#include "libs/kube/diff.h"
#include "libs/kube/field_set.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/ignored_fields.h"
#include "services/gitops/target/kubernetes/judge.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);

std::vector<std::string> FieldsOf(const kube::Object& object, std::string_view manager) {
  const kube::ManagerEntry entry = kube::AppliedBy(object.body(), manager);
  std::vector<std::string> fields;
  if (entry.fields != nullptr) fields = kube::PathsOf(*entry.fields);
  std::sort(fields.begin(), fields.end());
  return fields;
}

}  // namespace

bool ChangesNothing(const kube::Object& before, const kube::Object& after,
                    std::string_view manager) {
  if (!kube::DiffStates(before, after).empty()) return false;
  const std::vector<std::string> had = FieldsOf(before, manager), has = FieldsOf(after, manager);
  return std::includes(had.begin(), had.end(), has.begin(), has.end());
}

void Verifier::Forget(const AppEnvironment& where) {
  MutexLock lock(mu_);
  drifted_.erase(where);
}

absl::Status Verifier::Settle(const DesiredState& desired, const Plan& plan) {
  Inventory::Entries entries;
  std::vector<const PlannedObject*> asked;
  std::vector<kube::Target> targets;
  std::vector<kube::Observation> seen;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.ignored.empty() || planned.role.hook || planned.role.skipped) continue;
    if (entries.empty()) entries = inventory_.Of(desired.where);
    const auto entry = entries.find(planned.id);
    const auto live = cluster_.Find(planned.id);
    if (entry == entries.end() || !live || !live->exists) continue;
    const Need need = NeedOf(planned, &entry->second, live);
    if (need.kind != Need::Kind::kApply || need.drift.empty()) continue;
    if (live->uid != entry->second.uid) continue;
    {
      MutexLock lock(mu_);
      const auto app = drifted_.find(desired.where);
      if (app != drifted_.end()) {
        const auto known = app->second.find(planned.id);
        if (known != app->second.end() && known->second == live->seen) continue;
      }
    }
    const auto resource =
        cluster_.discovery().FindKnown(planned.gvk.group, planned.gvk.version, planned.gvk.kind);
    if (!resource) continue;
    asked.push_back(&planned);
    targets.push_back({*resource, planned.id.ns, planned.id.name});
    seen.push_back(live->seen);
  }
  if (asked.empty()) return absl::OkStatus();
  const std::vector<Payload> payloads =
      PayloadsOf(desired, asked, targets, cluster_, manager_, kPatience);
  kube::ObjectApi::ApplyOptions apply;
  apply.owner = desired.where.Folder();
  apply.impersonate = AsWhom(desired);
  apply.field_manager = manager_;
  apply.dry_run = true;
  apply.timeout = kPatience;
  Batch batch(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    if (payloads[i].live) {
      cluster_.api().Apply(targets[i], payloads[i].body, apply, batch.Slot(i));
    } else {
      batch.Slot(i)({});
    }
  }
  const std::vector<kube::Answer> answers = batch.Wait();
  std::vector<InventoryEntry> settled;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (!answers[i].ok()) continue;
    const kube::Object& live = *payloads[i].live;
    const auto after = ReadObject(answers[i].body);
    if (!after.ok()) continue;
    if (ChangesNothing(live, *after, manager_)) {
      InventoryEntry entry = entries.at(asked[i]->id);
      entry.seen = kube::Observe(live.body(), manager_);
      settled.push_back(std::move(entry));
      cluster_.Note(asked[i]->id, live);
    } else {
      MutexLock lock(mu_);
      drifted_[desired.where][asked[i]->id] = seen[i];
    }
  }
  if (settled.empty()) return absl::OkStatus();
  return inventory_.NoteApplied(desired.where, settled);
}

}  // namespace slipway::gitops::kubernetes
