#include "services/gitops/target/kubernetes/judge.h"

#include "libs/kube/health.h"

namespace slipway::gitops::kubernetes {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
using kube::HealthState;

std::string Named(const kube::ObjectId& id, const kube::Health& health) {
  const std::string text =
      health.message.empty() ? std::string(kube::HealthName(health.state)) : health.message;
  return kube::Describe(id) + ": " + text;
}

bool IsReady(HealthState state) {
  return state == HealthState::kHealthy || state == HealthState::kSuspended;
}

Health ToHealth(HealthState state) {
  switch (state) {
    case HealthState::kHealthy:
    case HealthState::kSuspended:
      return Status::RUNNING;
    case HealthState::kProgressing:
      return Status::STARTING;
    case HealthState::kMissing:
      return Status::MISSING;
    case HealthState::kDegraded:
      return Status::DEGRADED;
    case HealthState::kUnknown:
      return Status::UNKNOWN;
  }
  return Status::UNKNOWN;
}

kube::Health HealthOf(const std::optional<LiveObject>& live) {
  if (!live) return {HealthState::kUnknown, "its kind has not been listed yet"};
  if (!live->exists) return {HealthState::kMissing, "is not there"};
  return live->health;
}

}  // namespace

Need NeedOf(const PlannedObject& planned, const InventoryEntry* entry,
            const std::optional<LiveObject>& live) {
  if (live && live->exists && live->deleting) return {Need::Kind::kAbsence};
  if (entry == nullptr || entry->state != InventoryEntry::State::kApplied ||
      entry->content != planned.content) {
    return {Need::Kind::kApply};
  }
  if (!live) return {Need::Kind::kKnowledge};
  if (!live->exists) {
    return {Need::Kind::kApply, kube::Describe(planned.id) + " was deleted"};
  }
  const kube::Drift drift = kube::Compare(entry->seen, live->seen);
  if (drift == kube::Drift::kNone) return {};
  return {Need::Kind::kApply,
          kube::Describe(planned.id) + ": " + std::string(kube::DriftText(drift))};
}

Unready UnreadyOf(const Plan& plan, const sync::Stage& stage, const LiveView& live) {
  Unready unready;
  if (stage.await == sync::Await::kApplied) return unready;
  for (const size_t i : stage.members) {
    const PlannedObject& planned = plan.objects[i];
    if (planned.ignores_health || planned.role.hook) continue;
    const kube::Health health = HealthOf(live(planned.id));
    if (IsReady(health.state)) continue;
    if (health.state == HealthState::kDegraded) return {Named(planned.id, health), true};
    if (unready.what.empty()) unready.what = Named(planned.id, health);
  }
  return unready;
}

sync::PruneDecision PruneOf(const Plan& plan, const Inventory::Entries& entries, bool confirmed) {
  return sync::DecidePrune(ToSync(entries), {.render_complete = plan.scopes_known,
                                             .all_applied = true,
                                             .confirmed = confirmed,
                                             .desired = plan.Desired()});
}

Judgement JudgeApp(const Plan& plan, const Inventory::Entries& entries, const LiveView& live) {
  Judgement judgement;
  Observation& seen = judgement.seen;
  seen.watched = true;
  seen.url = plan.url;
  HealthState worst = HealthState::kHealthy;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    const auto found = entries.find(planned.id);
    const auto object = live(planned.id);
    const Need need = NeedOf(planned, found == entries.end() ? nullptr : &found->second, object);
    if (need.kind == Need::Kind::kApply) {
      seen.drift.push_back(need.drift.empty() ? kube::Describe(planned.id) + " is not applied yet"
                                              : need.drift);
    }
    if (planned.ignores_health) continue;
    const kube::Health health = HealthOf(object);
    if (!IsReady(health.state) && (judgement.culprit == nullptr || worst < health.state)) {
      seen.reason = Named(planned.id, health);
      judgement.culprit = &planned;
    }
    worst = kube::Worse(worst, health.state);
  }
  seen.health = ToHealth(worst);
  for (const kube::ObjectId& id : PruneOf(plan, entries).prune) {
    const auto object = live(id);
    const bool asked = entries.at(id).state == InventoryEntry::State::kDeleting;
    if (!asked || (object && !object->exists)) {
      seen.drift.push_back(kube::Describe(id) + " is not in Git any more");
    }
  }
  return judgement;
}

}  // namespace slipway::gitops::kubernetes
