#include "services/gitops/target/kubernetes/applier.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/delete_object.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/ignored_fields.h"
#include "services/gitops/target/kubernetes/read_object.h"
#include "services/gitops/target/kubernetes/rehearsal.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

InventoryEntry Pending(const AppEnvironment& owner, const PlannedObject& planned) {
  return {.id = planned.id, .version = planned.gvk.version, .owner = owner};
}

}  // namespace

absl::StatusOr<Applied> Applier::Run(const DesiredState& desired, const Plan& plan) {
  const auto live = [this](const kube::ObjectId& id) { return cluster_.Find(id); };
  SLIPWAY_RETURN_IF_ERROR(Rehearsed(desired, plan, live));
  SLIPWAY_RETURN_IF_ERROR(Claim(desired, plan));
  Applied applied;
  for (const sync::Stage& stage : plan.order.stages) {
    const Inventory::Entries entries = inventory_.Of(desired.where);
    Objects todo;
    for (const size_t i : stage.members) {
      const PlannedObject& planned = plan.objects[i];
      if (planned.role.hook) continue;
      const auto entry = entries.find(planned.id);
      const Need need =
          NeedOf(planned, entry == entries.end() ? nullptr : &entry->second, live(planned.id));
      if (need.kind == Need::Kind::kApply) todo.push_back(&planned);
      if (need.kind == Need::Kind::kKnowledge) {
        applied.waiting = "the list of each " + planned.id.kind + " on the cluster";
      }
      if (need.kind == Need::Kind::kAbsence) {
        applied.waiting = kube::Describe(planned.id) + ", which is being deleted, to be gone";
      }
    }
    if (!todo.empty()) {
      SLIPWAY_ASSIGN_OR_RETURN(const std::string going, ApplyAll(desired, todo));
      if (applied.waiting.empty()) applied.waiting = going;
      applied.changed = true;
    }
    const auto hooks = hooks_.Run(desired, plan, stage);
    if (absl::IsFailedPrecondition(hooks.status())) return Fail(desired, plan, hooks.status());
    if (!hooks.ok()) return hooks.status();
    if (applied.waiting.empty()) applied.waiting = *hooks;
    if (applied.waiting.empty()) {
      const Unready unready = UnreadyOf(plan, stage, live);
      applied.waiting = unready.what;
      applied.degraded = unready.degraded;
    }
    if (!applied.waiting.empty()) return applied;
  }
  return applied;
}

absl::Status Applier::Rehearsed(const DesiredState& desired, const Plan& plan,
                                const LiveView& live) {
  if (plan.order.stages.size() < 2) return absl::OkStatus();
  {
    MutexLock lock(mu_);
    const auto known = rehearsed_.find(desired.where);
    if (known != rehearsed_.end() && known->second == desired.tree) return absl::OkStatus();
  }
  const Inventory::Entries entries = inventory_.Of(desired.where);
  Objects todo;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    const auto entry = entries.find(planned.id);
    const Need need =
        NeedOf(planned, entry == entries.end() ? nullptr : &entry->second, live(planned.id));
    if (need.kind == Need::Kind::kApply) todo.push_back(&planned);
  }
  if (todo.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(Rehearse(desired, plan, todo, cluster_, manager_));
  MutexLock lock(mu_);
  rehearsed_[desired.where] = desired.tree;
  return absl::OkStatus();
}

void Applier::Forget(const AppEnvironment& where) {
  MutexLock lock(mu_);
  rehearsed_.erase(where);
}

absl::StatusOr<Applied> Applier::Fail(const DesiredState& desired, const Plan& plan,
                                      const absl::Status& problem) {
  for (const sync::Stage& stage : plan.order.sync_fail) {
    const auto hooks = hooks_.Run(desired, plan, stage);
    if (!hooks.ok()) break;  // what failed first is what counts
    if (!hooks->empty()) return Applied{.waiting = *hooks + ", since " + MessageOf(problem)};
  }
  return problem;
}

absl::Status Applier::Claim(const DesiredState& desired, const Plan& plan) {
  const Inventory::Entries entries = inventory_.Of(desired.where);
  std::vector<InventoryEntry> missing;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    const auto found = entries.find(planned.id);
    if (found == entries.end() || found->second.state == InventoryEntry::State::kDeleting) {
      missing.push_back(Pending(desired.where, planned));
    }
  }
  if (missing.empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto foreign, inventory_.Claim(desired.where, missing));
  if (!foreign.empty()) return OwnedByAnother(foreign[0].id, foreign[0].owner.Folder());
  for (const InventoryEntry& entry : missing) cluster_.live().Follow(entry.id, desired.where);
  return absl::OkStatus();
}

absl::StatusOr<kube::ResourceInfo> Applier::Resource(const PlannedObject& planned) {
  auto resource = cluster_.discovery().Find(planned.gvk);
  if (absl::IsNotFound(resource.status())) {
    cluster_.discovery().Invalidate(planned.gvk.group);
    resource = cluster_.discovery().Find(planned.gvk);
  }
  if (resource.ok()) return resource;
  return MakeError(absl::StatusCode::kUnavailable,
                   kube::Describe(planned.id) + ": " + MessageOf(resource.status()),
                   DetailsOf(resource.status()));
}

absl::StatusOr<std::string> Applier::ApplyAll(const DesiredState& desired, const Objects& objects) {
  std::vector<kube::Target> targets;
  for (const PlannedObject* planned : objects) {
    SLIPWAY_ASSIGN_OR_RETURN(const kube::ResourceInfo resource, Resource(*planned));
    cluster_.Watch(resource, planned->id.ns);
    targets.push_back({resource, planned->id.ns, planned->id.name});
  }
  const Inventory::Entries entries = inventory_.Of(desired.where);
  std::vector<InventoryEntry> anew;
  for (const PlannedObject* planned : objects) {
    const auto known = entries.find(planned->id);
    if (known != entries.end() && !known->second.in_flight) anew.push_back(known->second);
  }
  SLIPWAY_RETURN_IF_ERROR(inventory_.NoteInFlight(desired.where, anew));
  std::vector<kube::Answer> answers = Send(desired, objects, targets);
  std::vector<InventoryEntry> done;
  std::string waiting;
  absl::Status problem;
  for (size_t i = 0; i < objects.size(); ++i) {
    const PlannedObject& planned = *objects[i];
    if (answers[i].outcome == kube::Outcome::kImmutable && planned.options.force) {
      const auto known = entries.find(planned.id);
      absl::Status gone = MakeWay(targets[i], known->second);
      if (problem.ok()) problem = std::move(gone);
      waiting = kube::Describe(planned.id) +
                ", of which a field can't be changed, to be gone, so that it is created anew";
      continue;
    }
    if (!answers[i].ok()) {
      if (kube::IsKindMissing(answers[i].status)) {
        cluster_.discovery().Invalidate(planned.gvk.group);
      }
      if (problem.ok()) problem = SyncError(planned.id, answers[i]);
      continue;
    }
    const auto object = ReadObject(answers[i].body);
    if (!object.ok()) {
      problem.Update(object.status());
      continue;
    }
    cluster_.Note(planned.id, *object);
    InventoryEntry entry = Pending(desired.where, planned);
    entry.state = InventoryEntry::State::kApplied;
    entry.uid = std::string(object->uid());
    entry.wave = planned.role.wave;
    entry.options = PruneOptionsText(planned.options);
    entry.content = planned.content;
    entry.seen = kube::Observe(object->body(), manager_);
    done.push_back(std::move(entry));
  }
  if (!done.empty()) SLIPWAY_RETURN_IF_ERROR(inventory_.NoteApplied(desired.where, done));
  SLIPWAY_RETURN_IF_ERROR(problem);
  return waiting;
}

absl::Status Applier::MakeWay(const kube::Target& target, const InventoryEntry& entry) {
  kube::ObjectApi::GetOptions get;
  get.owner = entry.owner.Folder();
  get.metadata_only = true;
  const kube::Answer seen = cluster_.api().Get(target, get);
  if (seen.outcome == kube::Outcome::kNotFound) return absl::OkStatus();
  if (!seen.ok()) return SyncError(entry.id, seen);
  SLIPWAY_ASSIGN_OR_RETURN(const kube::Object live, ReadMetadata(entry.id, seen.body));
  if (live.deleting()) return absl::OkStatus();
  const sync::DeleteCheck check = sync::CheckDelete(entry.id, ToSync(entry), live, get.owner);
  if (!check.allowed) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     kube::Describe(entry.id) + " can't be created anew: " + check.reason,
                     {.reason = "NOT_OURS_TO_DELETE", .metadata = {}, .field_violations = {}});
  }
  return DeleteObject(cluster_, entry.owner, target, check.uid);
}

std::vector<kube::Answer> Applier::Send(const DesiredState& desired, const Objects& objects,
                                        const std::vector<kube::Target>& targets) {
  kube::ObjectApi::ApplyOptions options;
  options.owner = desired.where.Folder();
  options.impersonate = AsWhom(desired);
  options.field_manager = manager_;
  std::vector<Payload> payloads = PayloadsOf(desired, objects, targets, cluster_, manager_);
  Batch batch(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    if (payloads[i].failed) {
      batch.Slot(i)(*std::move(payloads[i].failed));
    } else {
      cluster_.api().Apply(targets[i], payloads[i].body, options, batch.Slot(i));
    }
  }
  std::vector<kube::Answer> answers = batch.Wait();
  std::string created;
  for (size_t i = 0; i < objects.size(); ++i) {
    const std::string& ns = objects[i]->id.ns;
    if (!kube::IsNamespaceMissing(answers[i].status) || ns != desired.k8s_namespace) continue;
    if (created.empty()) {
      const absl::Status made = CreateNamespace(desired, ns);
      if (!made.ok()) {
        answers[i].error = made;
        continue;
      }
      created = ns;
    }
    answers[i] = cluster_.api().Apply(targets[i], payloads[i].body, options);
  }
  return answers;
}

absl::Status Applier::CreateNamespace(const DesiredState& desired, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const kube::ResourceInfo resource,
                           cluster_.discovery().Find("", "v1", "Namespace"));
  kube::ObjectApi::CreateOptions options;
  options.owner = desired.where.Folder();
  options.field_manager = manager_;
  const std::string body = bj::serialize(
      bj::object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  const kube::Answer answer = cluster_.api().Create({resource, "", name}, body, options);
  const bool there = answer.ok() || answer.outcome == kube::Outcome::kAlreadyExists;
  if (there) {
    log::Info("kubernetes.namespace_created", "the environment's namespace was not there",
              {{"namespace", name}, {"environment", desired.where.Name()}});
  }
  return there ? absl::OkStatus() : answer.error;
}

}  // namespace slipway::gitops::kubernetes
