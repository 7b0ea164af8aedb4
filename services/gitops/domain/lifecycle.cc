#include "services/gitops/domain/lifecycle.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/log/log.h"
#include "libs/telemetry/trace_context.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/render.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/source_store.h"
#include "services/gitops/store/project_repository_store.h"
#include "services/gitops/store/work_store.h"

namespace slipway::gitops {
namespace {

using journal::Verdict;

std::string TraceIdOf(const std::string& traceparent) {
  const auto trace = telemetry::TraceContext::Parse(traceparent);
  return trace ? trace->trace_id : "";
}

struct EventText {
  const char* name;
  Verdict verdict;
  const char* message;
};

EventText TextOf(DeploymentEvent event) {
  switch (event) {
    case DeploymentEvent::kPicked:
      return {"deployment.committing", Verdict::kNone, "its commit is being made"};
    case DeploymentEvent::kPushed:
      return {"deployment.pushed", Verdict::kNone,
              "its commit is on the branch of the GitOps repository"};
    case DeploymentEvent::kApplied:
      return {"deployment.applied", Verdict::kNone, "the target took the manifests"};
    case DeploymentEvent::kHealthy:
      return {"deployment.healthy", Verdict::kDone, "runs and answers"};
    case DeploymentEvent::kUnhealthy:
      return {"deployment.unhealthy", Verdict::kFailed, "did not get healthy"};
    case DeploymentEvent::kFailed:
      return {"deployment.failed", Verdict::kFailed, "did not get to the target"};
    case DeploymentEvent::kSuperseded:
      return {"deployment.superseded", Verdict::kSkipped, "a newer one took its place"};
  }
  return {"deployment.changed", Verdict::kNone, ""};
}

}  // namespace

std::vector<std::string> RelatedTo(const Deployment& deployment) {
  std::vector<std::string> related;
  for (const std::string& name : {deployment.image.name, deployment.image.run}) {
    if (!name.empty()) related.push_back(name);
  }
  return related;
}

absl::StatusOr<Deployment> Lifecycle::Create(db::Tx& tx, const NewDeployment& make) {
  if (make.own_repository) {
    SLIPWAY_RETURN_IF_ERROR(
        project_repositories::Set(tx, make.where.project, *make.own_repository));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const EnvironmentState environment,
                           environments::TakeNumber(tx, make.where, make.app_uid));
  Deployment deployment{
      .where = make.where,
      .number = environment.last_number,
      .app_uid = make.app_uid,
      .reason = std::string(WaitsFor(slipway::gitops::v1::DeploymentStatus::PENDING)),
      .image = make.image,
      .actor = make.actor,
      .rollback_of = make.rollback_of,
      .pinned = make.pinned,
      .deploy = make.deploy,
      .strategy = make.strategy,
      .cluster = make.cluster,
      .k8s_namespace = make.k8s_namespace,
      .traceparent = make.traceparent};
  const bool from_repository = !make.deploy.path().empty();
  std::vector<Manifest> manifests;
  // What stands in a repository is rendered later, without a transaction around it.
  if (!from_repository) {
    manifests = Render({.where = make.where,
                        .number = deployment.number,
                        .k8s_namespace = make.k8s_namespace,
                        .image = make.image.reference,
                        .image_name = make.image.name,
                        .run = make.image.run,
                        .commit = make.image.commit,
                        .deploy = make.deploy,
                        .strategy = make.strategy});
  }
  SLIPWAY_RETURN_IF_ERROR(deployments::Insert(tx, deployment, manifests, make.request_id));
  if (from_repository)
    SLIPWAY_RETURN_IF_ERROR(sources::Add(tx, deployment.id, make.repository));
  SLIPWAY_RETURN_IF_ERROR(make.pinned
                              ? environments::Pin(tx, make.where, make.app_uid, deployment.number)
                              : environments::Unpin(tx, make.where));
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<Deployment> open, deployments::ListOpenIn(tx, make.where));
  for (Deployment& older : open) {
    if (older.id == deployment.id) continue;
    const auto next = Next(older.state, DeploymentEvent::kSuperseded);
    if (!next) continue;
    SLIPWAY_RETURN_IF_ERROR(
        Write(tx, older, DeploymentEvent::kSuperseded, *next,
              {.reason = "deployment " + std::to_string(deployment.number) + " took its place",
               .values = {{"by", deployment.Name()}}}));
  }
  auto values = make.values;
  if (!make.image.reference.empty()) values["image"] = make.image.reference;
  values["actor"] = make.actor;
  SLIPWAY_RETURN_IF_ERROR(journal::Append(tx, {.subject = deployment.Name(),
                                               .kind = "deployment",
                                               .event = "deployment.created",
                                               .verdict = Verdict::kStarted,
                                               .rule = make.rule,
                                               .message = make.why,
                                               .values = std::move(values),
                                               .related = RelatedTo(deployment),
                                               .trace_id = TraceIdOf(deployment.traceparent),
                                               .project = make.where.project,
                                               .app = make.where.app}));
  WakeAfter(tx, deployment);
  return deployment;
}

absl::StatusOr<std::optional<Deployment>> Lifecycle::Advance(db::Tx& tx, int64_t id,
                                                             DeploymentEvent event,
                                                             const Change& change) {
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<Deployment> deployment,
                           deployments::GetById(tx, id, /*lock=*/true));
  if (!deployment) return std::nullopt;
  const auto next = Next(deployment->state, event);
  if (!next) return std::nullopt;
  SLIPWAY_RETURN_IF_ERROR(Write(tx, *deployment, event, *next, change));
  return deployment;
}

absl::Status Lifecycle::Write(db::Tx& tx, Deployment& deployment, DeploymentEvent event,
                              DeploymentState to, const Change& change) {
  deployment.state = to;
  deployment.reason = change.reason.empty() ? std::string(WaitsFor(to)) : change.reason;
  if (change.commit) deployment.commit = *change.commit;
  if (change.url) deployment.url = *change.url;
  if (change.progress_by) deployment.progress_by = change.progress_by;
  if (IsFinal(to)) deployment.ended = clock_.Now();
  SLIPWAY_RETURN_IF_ERROR(deployments::Update(tx, deployment));
  const EventText text = TextOf(event);
  SLIPWAY_RETURN_IF_ERROR(Note(tx, deployment, text.name, text.verdict,
                               change.reason.empty() ? std::string(text.message) : change.reason,
                               change.values));
  if (event == DeploymentEvent::kHealthy)
    SLIPWAY_RETURN_IF_ERROR(work::AddPromotion(tx, deployment.id));
  if (IsFinal(to)) {
    slipway::gitops::v1::DeploymentFinished finished;
    *finished.mutable_deployment() = ToProto(deployment, nullptr);
    finished.set_app_uid(deployment.app_uid);
    SLIPWAY_RETURN_IF_ERROR(outbox_.Append(tx, {.type = "deployment.finished",
                                                .subject = deployment.Name(),
                                                .payload = finished.SerializeAsString(),
                                                .trace_id = TraceIdOf(deployment.traceparent)}));
  }
  log::Info(text.name, text.message,
            {{"deployment", deployment.Name()},
             {"state", StateName(to)},
             {"reason", change.reason},
             {"trace_id", TraceIdOf(deployment.traceparent)}});
  WakeAfter(tx, deployment);
  return absl::OkStatus();
}

absl::Status Lifecycle::Explain(db::Tx& tx, int64_t id, const std::string& reason) {
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<Deployment> deployment,
                           deployments::GetById(tx, id, /*lock=*/true));
  if (!deployment || IsFinal(deployment->state) || deployment->reason == reason)
    return absl::OkStatus();
  deployment->reason = reason;
  SLIPWAY_RETURN_IF_ERROR(deployments::Update(tx, *deployment));
  SLIPWAY_RETURN_IF_ERROR(Note(tx, *deployment, "deployment.waits", Verdict::kWaiting, reason));
  tx.OnCommit([this, where = deployment->where] { watchers_.Changed(where); });
  return absl::OkStatus();
}

absl::Status Lifecycle::Note(db::Tx& tx, const Deployment& deployment, const std::string& event,
                             Verdict verdict, const std::string& message,
                             std::map<std::string, std::string> values) {
  return journal::Append(tx, {.subject = deployment.Name(),
                              .kind = "deployment",
                              .event = event,
                              .verdict = verdict,
                              .message = message,
                              .values = std::move(values),
                              .related = RelatedTo(deployment),
                              .trace_id = TraceIdOf(deployment.traceparent),
                              .project = deployment.where.project,
                              .app = deployment.where.app});
}

void Lifecycle::WakeAfter(db::Tx& tx, const Deployment& deployment) {
  tx.OnCommit([this, where = deployment.where, state = deployment.state] {
    if (metrics_ != nullptr && IsFinal(state)) {
      metrics_->Count("slipway_deployments_total", "Deployments that ended, by state.",
                      {{"state", std::string(StateName(state))}});
    }
    watchers_.Changed(where);
    if (changed_) changed_(where, state);
  });
}

}  // namespace slipway::gitops
