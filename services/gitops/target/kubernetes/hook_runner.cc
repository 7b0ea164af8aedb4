#include "services/gitops/target/kubernetes/hook_runner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/domain/run_held.h"
#include "services/gitops/sync/inventory.h"
#include "services/gitops/target/kubernetes/delete_object.h"
#include "services/gitops/target/kubernetes/errors.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;
using State = HookRun::State;
using kube::HealthState;

constexpr absl::Duration kTxTime = absl::Seconds(10);
// Says for which sync and phase a hook's object was made.
constexpr char kSyncAnnotation[] = "slipway.dev/sync";

std::string MarkOf(const HookRun& run) { return run.tree + "/" + run.phase; }

kube::ObjectId NameOf(const PlannedObject& planned, const std::string& prefix,
                      const std::string& tree, const std::string& phase) {
  kube::ObjectId id = planned.id;
  if (id.name.empty()) id.name = prefix + Sha256Hex(tree + "/" + phase).substr(0, 10);
  return id;
}

}  // namespace

HookVerdict JudgeHook(const HookRun& run, const std::optional<LiveObject>& live) {
  if (!live) return {};
  const bool gone = !live->exists || live->uid != run.uid;
  // Another object has the name: how ours ended was not seen, just as with a deletion that the
  // watch missed. A Job that its time to live took away had ended before.
  const bool unseen = live->uid != run.uid;
  const kube::Health& health = live->last;
  if (gone && unseen) return {State::kSucceeded, ""};
  if (health.state == HealthState::kDegraded) {
    return {State::kFailed, health.message.empty() ? "it failed" : health.message};
  }
  if (health.state == HealthState::kHealthy || health.state == HealthState::kSuspended) {
    return {State::kSucceeded, ""};
  }
  if (gone) return {State::kFailed, "it was deleted before it ended"};
  return {State::kRunning, health.message};
}

absl::StatusOr<std::vector<HookRun>> HookRunner::RunsOf(const DesiredState& desired) {
  return RunHeld(
      pool_, lease_, "hooks.of", kTxTime, [&](db::Tx& tx) -> absl::StatusOr<std::vector<HookRun>> {
        SLIPWAY_RETURN_IF_ERROR(hooks::Begin(tx, cluster_id_, desired.where, desired.tree));
        return hooks::Of(tx, cluster_id_, desired.where);
      });
}

absl::Status HookRunner::Put(const AppEnvironment& owner, const HookRun& run) {
  return RunHeld(pool_, lease_, "hooks.put", kTxTime,
                 [&](db::Tx& tx) { return hooks::Put(tx, cluster_id_, owner, run); });
}

absl::StatusOr<std::string> HookRunner::Run(const DesiredState& desired, const Plan& plan,
                                            const sync::Stage& stage) {
  const bool any = std::any_of(stage.members.begin(), stage.members.end(),
                               [&](size_t i) { return plan.objects[i].role.hook; });
  if (!any) return "";
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<HookRun> runs, RunsOf(desired));
  const std::string phase(sync::PhaseName(stage.phase));
  std::string waiting;
  for (const size_t i : stage.members) {
    const PlannedObject& planned = plan.objects[i];
    if (!planned.role.hook) continue;
    HookRun run{.phase = phase,
                .id = NameOf(planned, planned.generate_name, desired.tree, phase),
                .version = planned.gvk.version,
                .tree = desired.tree};
    const auto known = std::find_if(runs.begin(), runs.end(), [&](const HookRun& other) {
      return other.tree == run.tree && other.phase == run.phase && other.id == run.id;
    });
    const bool is_new = known == runs.end();
    if (!is_new) run = *known;
    if (run.state == State::kSucceeded) continue;
    if (run.state == State::kFailed) return HookFailed(phase, run.id, run.message);
    if (run.state == State::kPending) {
      SLIPWAY_ASSIGN_OR_RETURN(const std::string before, Begin(desired, planned, is_new, run));
      if (!before.empty()) {
        waiting = before;
        continue;
      }
    }
    cluster_.live().Follow(run.id, desired.where);
    const HookVerdict verdict = JudgeHook(run, cluster_.Find(run.id));
    if (verdict.state == State::kRunning) {
      waiting = phase + " hook " + kube::Describe(run.id) +
                (verdict.message.empty() ? "" : ": " + verdict.message);
      continue;
    }
    run.state = verdict.state;
    run.message = verdict.message;
    SLIPWAY_RETURN_IF_ERROR(Put(desired.where, run));
    if (Clean(desired.where, planned, run)) {
      run.uid.clear();
      SLIPWAY_RETURN_IF_ERROR(Put(desired.where, run));
    }
    if (run.state == State::kFailed) return HookFailed(phase, run.id, run.message);
  }
  return waiting;
}

absl::StatusOr<std::string> HookRunner::Begin(const DesiredState& desired,
                                              const PlannedObject& planned, bool is_new,
                                              HookRun& run) {
  const auto resource = cluster_.discovery().Find(planned.gvk);
  if (!resource.ok()) return absl::UnavailableError(MessageOf(resource.status()));
  cluster_.live().Follow(run.id, desired.where);
  cluster_.Watch(*resource, run.id.ns);
  const kube::Target target{*resource, run.id.ns, run.id.name};
  kube::ObjectApi::GetOptions get;
  get.owner = desired.where.Folder();
  const kube::Answer there = cluster_.api().Get(target, get);
  if (there.ok()) {
    SLIPWAY_ASSIGN_OR_RETURN(const kube::Object live, ReadObject(there.body));
    const bool marked = live.Annotation(kSyncAnnotation) == MarkOf(run);
    // Of an earlier try of this sync. A new one has created nothing yet, so that what is there is
    // from the last time that this tree was applied.
    if (marked && !is_new && !live.deleting()) return Began(desired.where, live, run);
    const bool ours = sync::TrackedApp(live) == desired.where.Folder();
    if (!ours || !(marked || planned.role.delete_policy.before_creation)) {
      return HookInTheWay(run.id);
    }
    if (!live.deleting()) {
      SLIPWAY_RETURN_IF_ERROR(DeleteObject(cluster_, desired.where, target, live.uid()));
    }
    return kube::Describe(run.id) + " of an earlier sync to be gone";
  }
  if (there.outcome != kube::Outcome::kNotFound) return SyncError(run.id, there);
  SLIPWAY_RETURN_IF_ERROR(Put(desired.where, run));
  SLIPWAY_ASSIGN_OR_RETURN(kube::Object object, ReadObject(planned.body));
  bj::object& metadata = object.body()["metadata"].get_object();
  metadata.erase("generateName");
  metadata["name"] = run.id.name;
  bj::object& annotations = metadata["annotations"].get_object();
  annotations[kSyncAnnotation] = MarkOf(run);
  annotations[sync::kTrackingAnnotation] = sync::TrackingId(desired.where.Folder(), run.id);
  kube::ObjectApi::CreateOptions create;
  create.owner = get.owner;
  create.impersonate = AsWhom(desired);
  create.field_manager = manager_;
  const kube::Answer made = cluster_.api().Create(target, bj::serialize(object.body()), create);
  if (made.outcome == kube::Outcome::kAlreadyExists) return kube::Describe(run.id) + " to be gone";
  if (!made.ok()) return SyncError(run.id, made);
  SLIPWAY_ASSIGN_OR_RETURN(const kube::Object live, ReadObject(made.body));
  return Began(desired.where, live, run);
}

absl::StatusOr<std::string> HookRunner::Began(const AppEnvironment& owner, const kube::Object& live,
                                              HookRun& run) {
  run.uid = std::string(live.uid());
  run.state = State::kRunning;
  cluster_.Note(run.id, live);
  SLIPWAY_RETURN_IF_ERROR(Put(owner, run));
  return "";
}

bool HookRunner::Clean(const AppEnvironment& owner, const PlannedObject& planned,
                       const HookRun& run) {
  const sync::HookDeletePolicy& policy = planned.role.delete_policy;
  const bool wanted = run.state == State::kSucceeded ? policy.succeeded : policy.failed;
  if (!wanted) return false;
  const absl::Status gone = Delete(owner, run);
  if (!gone.ok()) {
    log::Warn("kubernetes.hook_stays", "its object could not be deleted",
              {{"object", kube::Describe(run.id)}, {"error", MessageOf(gone)}});
  }
  return gone.ok();
}

absl::Status HookRunner::Delete(const AppEnvironment& owner, const HookRun& run) {
  const auto resource = cluster_.discovery().Find(run.id.group, run.version, run.id.kind);
  if (absl::IsNotFound(resource.status())) return absl::OkStatus();
  if (!resource.ok()) return resource.status();
  const kube::Target target{*resource, run.id.ns, run.id.name};
  if (!run.uid.empty()) return DeleteObject(cluster_, owner, target, run.uid);
  // Created perhaps, without the answer being known: then it says so itself.
  kube::ObjectApi::GetOptions get;
  get.owner = owner.Folder();
  get.metadata_only = true;
  const kube::Answer seen = cluster_.api().Get(target, get);
  if (seen.outcome == kube::Outcome::kNotFound) return absl::OkStatus();
  if (!seen.ok()) return SyncError(run.id, seen);
  SLIPWAY_ASSIGN_OR_RETURN(const kube::Object live, ReadMetadata(run.id, seen.body));
  if (sync::TrackedApp(live) != owner.Folder()) return absl::OkStatus();
  return DeleteObject(cluster_, owner, target, live.uid());
}

absl::Status HookRunner::DeleteAll(const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto runs, db::RunRead(pool_, "hooks.left", kTxTime,
                                   [&](db::Tx& tx) { return hooks::Of(tx, cluster_id_, owner); }));
  for (const HookRun& run : runs) {
    const bool ended = run.state == State::kSucceeded || run.state == State::kFailed;
    if (!ended || !run.uid.empty()) SLIPWAY_RETURN_IF_ERROR(Delete(owner, run));
    cluster_.live().Forget(run.id);
  }
  if (runs.empty()) return absl::OkStatus();
  return RunHeld(pool_, lease_, "hooks.forget", kTxTime,
                 [&](db::Tx& tx) { return hooks::ForgetAll(tx, cluster_id_, owner); });
}

}  // namespace slipway::gitops::kubernetes
