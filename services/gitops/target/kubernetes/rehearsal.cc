#include "services/gitops/target/kubernetes/rehearsal.h"

#include <set>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/ignored_fields.h"

namespace slipway::gitops::kubernetes {
namespace {

// Groups of which the plan has definitions.
std::set<std::string> DefinedGroups(const Plan& plan) {
  std::set<std::string> groups;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.id.group != "apiextensions.k8s.io") continue;
    const size_t dot = planned.id.name.find('.');
    if (dot != std::string::npos) groups.insert(planned.id.name.substr(dot + 1));
  }
  return groups;
}

// What says nothing about the write itself.
bool IsNoAnswer(const PlannedObject& planned, const kube::Answer& answer) {
  if (answer.ok() || kube::IsNamespaceMissing(answer.status)) return true;
  if (kube::IsKindMissing(answer.status)) return true;
  if (answer.outcome == kube::Outcome::kImmutable) return planned.options.force;
  // Of a webhook with effects, which the server does not call for a dry run.
  return MessageOf(answer.error).find("dry run") != std::string::npos;
}

}  // namespace

absl::Status Rehearse(const DesiredState& desired, const Plan& plan,
                      const std::vector<const PlannedObject*>& objects, Cluster& cluster,
                      const std::string& manager) {
  const std::set<std::string> defined = DefinedGroups(plan);
  std::vector<const PlannedObject*> asked;
  std::vector<kube::Target> targets;
  for (const PlannedObject* planned : objects) {
    if (defined.contains(planned->id.group)) continue;
    const auto resource = cluster.discovery().Find(planned->gvk);
    if (!resource.ok()) continue;  // the sync itself says what is missing
    asked.push_back(planned);
    targets.push_back({*resource, planned->id.ns, planned->id.name});
  }
  kube::ObjectApi::ApplyOptions options;
  options.owner = desired.where.Folder();
  options.field_manager = manager;
  options.dry_run = true;
  options.impersonate = AsWhom(desired);
  const std::vector<Payload> payloads = PayloadsOf(desired, asked, targets, cluster, manager);
  Batch batch(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    cluster.api().Apply(targets[i], payloads[i].body, options, batch.Slot(i));
  }
  const std::vector<kube::Answer> answers = batch.Wait();
  for (size_t i = 0; i < asked.size(); ++i) {
    if (IsNoAnswer(*asked[i], answers[i])) continue;
    const absl::Status problem = SyncError(asked[i]->id, answers[i]);
    return MakeError(problem.code(), "nothing is applied: " + MessageOf(problem),
                     DetailsOf(problem));
  }
  return absl::OkStatus();
}

}  // namespace slipway::gitops::kubernetes
