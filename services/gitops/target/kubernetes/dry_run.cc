#include "services/gitops/target/kubernetes/dry_run.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/kube/diff.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/ignored_fields.h"
#include "services/gitops/target/kubernetes/judge.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace pb = slipway::gitops::v1;

pb::ObjectDiff& Add(pb::DiffDeploymentResponse& response, const kube::ObjectId& id,
                    pb::ObjectDiff::Change change, const std::string& reason = "") {
  pb::ObjectDiff& diff = *response.add_objects();
  diff.set_object(kube::Describe(id));
  diff.set_change(change);
  diff.set_reason(reason);
  return diff;
}

}  // namespace

absl::StatusOr<pb::DiffDeploymentResponse> DryRun(const DesiredState& desired, const Plan& plan,
                                                  const Inventory::Entries& entries,
                                                  Cluster& cluster, const std::string& manager) {
  pb::DiffDeploymentResponse response;
  response.set_commit(desired.commit);
  std::vector<const PlannedObject*> asked;
  std::vector<kube::Target> targets;
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    const auto resource = cluster.discovery().Find(planned.gvk);
    // Its definition comes with the same sync, or never.
    if (absl::IsNotFound(resource.status())) {
      Add(response, planned.id, pb::ObjectDiff::CREATE, MessageOf(resource.status()));
      continue;
    }
    if (!resource.ok()) return ClusterAway(desired.cluster, resource.status());
    asked.push_back(&planned);
    targets.push_back({*resource, planned.id.ns, planned.id.name});
  }
  kube::ObjectApi::GetOptions get;
  get.owner = desired.where.Folder();
  kube::ObjectApi::ApplyOptions apply;
  apply.owner = get.owner;
  apply.impersonate = AsWhom(desired);
  apply.field_manager = manager;
  apply.dry_run = true;
  const std::vector<Payload> payloads = PayloadsOf(desired, asked, targets, cluster, manager);
  Batch befores(asked.size()), afters(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    cluster.api().Get(targets[i], get, befores.Slot(i));
    cluster.api().Apply(targets[i], payloads[i].body, apply, afters.Slot(i));
  }
  const std::vector<kube::Answer> before = befores.Wait(), after = afters.Wait();
  for (size_t i = 0; i < asked.size(); ++i) {
    const kube::ObjectId& id = asked[i]->id;
    if (before[i].outcome == kube::Outcome::kTransient) return SyncError(id, before[i]);
    const bool missing = before[i].outcome == kube::Outcome::kNotFound;
    if (!after[i].ok()) {
      // The namespace is made by the sync.
      const bool later = missing && kube::IsNamespaceMissing(after[i].status);
      Add(response, id, later ? pb::ObjectDiff::CREATE : pb::ObjectDiff::REFUSED,
          later ? "" : MessageOf(SyncError(id, after[i])));
      continue;
    }
    const auto now = ReadObject(before[i].body), then = ReadObject(after[i].body);
    if (missing || !now.ok() || !then.ok()) {
      Add(response, id, pb::ObjectDiff::CREATE);
      continue;
    }
    const auto lines = kube::DiffStates(*now, *then);
    if (lines.empty()) continue;
    pb::ObjectDiff& diff = Add(response, id, pb::ObjectDiff::UPDATE);
    for (const kube::DiffLine& line : lines) diff.add_lines(line.Text());
  }
  const sync::PruneDecision decision = PruneOf(plan, entries);
  for (const kube::ObjectId& id : decision.prune) Add(response, id, pb::ObjectDiff::DELETE);
  for (const sync::HeldObject& held : decision.held) {
    Add(response, held.id, pb::ObjectDiff::KEEP, held.reason);
  }
  return response;
}

}  // namespace slipway::gitops::kubernetes
