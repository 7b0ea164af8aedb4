#include "services/gitops/domain/convert.h"

#include "libs/base/status.h"
#include "libs/rpc/resource_name.h"
#include "libs/rpc/timestamp.h"
#include "libs/telemetry/trace_context.h"

namespace slipway::gitops {

slipway::gitops::v1::Deployment ToProto(const Deployment& deployment,
                                        const EnvironmentState* environment) {
  slipway::gitops::v1::Deployment message;
  message.set_name(deployment.Name());
  auto& status = *message.mutable_status();
  status.set_state(deployment.state);
  status.set_reason(deployment.reason);
  status.set_image(deployment.image.reference);
  status.set_commit(deployment.commit);
  status.set_source_commit(deployment.image.commit);
  status.set_run(deployment.image.run);
  status.set_actor(deployment.actor);
  if (deployment.rollback_of > 0) {
    status.set_rollback_of(DeploymentName{deployment.where, deployment.rollback_of}.Name());
  }
  status.set_image_name(deployment.image.name);
  status.set_workflow(deployment.image.workflow);
  if (const auto trace = telemetry::TraceContext::Parse(deployment.traceparent))
    status.set_trace_id(trace->trace_id);
  if (environment == nullptr) {
    status.set_url(deployment.url);
  } else {
    const bool newest = environment->last_number == deployment.number;
    status.set_current(newest && !environment->removed);
    status.set_pinned(environment->pinned_by == deployment.number);
    if (newest) {
      status.set_health(environment->health);
      status.set_drift(environment->drift);
      *status.mutable_sync() = ToSyncStatus(*environment);
    }
    // Where an earlier one answered, another does now, or none.
    if (status.current()) status.set_url(deployment.url);
    if (newest && environment->removed && deployment.reason.empty())
      status.set_reason("its deployment pipeline was deleted, so it was taken away");
  }
  *message.mutable_deploy() = deployment.deploy;
  *message.mutable_create_time() = rpc::ToTimestamp(deployment.created);
  if (deployment.ended) *message.mutable_end_time() = rpc::ToTimestamp(*deployment.ended);
  return message;
}

slipway::gitops::v1::SyncStatus ToSyncStatus(const EnvironmentState& environment) {
  using slipway::gitops::v1::SyncStatus;
  const SyncControl& control = environment.sync;
  SyncStatus status;
  status.set_name(environment.where.Name());
  sync::SyncGate gate{control.held.hold, control.held.reason, control.held.until};
  if (!control.suspended_by.empty()) {
    // Also while nothing is wanted.
    sync::GateFacts facts;
    facts.name = environment.where.Short();
    facts.suspended_by = control.suspended_by;
    facts.suspended_at = control.suspended_at;
    gate = sync::Decide(facts);
    status.set_suspended_by(control.suspended_by);
    *status.mutable_suspend_time() = rpc::ToTimestamp(control.suspended_at);
  } else if (gate.hold == sync::Hold::kSuspended) {
    gate = {};  // resumed, and not looked at since
  }
  if (gate.open() && environment.pinned_by > 0) {
    gate.reason = "deployment " + std::to_string(environment.pinned_by) +
                  " rolled back and holds it: nothing newer is deployed by itself until somebody "
                  "deploys";
  }
  status.set_hold(static_cast<SyncStatus::Hold>(static_cast<int>(gate.hold) + 1));
  status.set_reason(gate.reason);
  if (!gate.open() && gate.until != absl::InfiniteFuture()) {
    *status.mutable_until_time() = rpc::ToTimestamp(gate.until);
  }
  status.set_failures(control.retry.failures);
  if (control.retry.failures > 0 && control.retry.next != absl::InfiniteFuture()) {
    *status.mutable_retry_time() = rpc::ToTimestamp(control.retry.next);
  }
  status.set_asked_by(control.asked_by);
  status.set_commit(environment.applied_commit);
  status.set_health(environment.health);
  status.set_drift(environment.drift);
  return status;
}

absl::StatusOr<ImageRecord> FromEvent(const slipway::build::v1::ImageCreated& event) {
  const auto& image = event.image();
  SLIPWAY_ASSIGN_OR_RETURN(
      const rpc::ResourceName name,
      rpc::ResourceName::Parse(image.name(), "projects/*/apps/*/images/*", "image.name"));
  return ImageRecord{.name = image.name(),
                     .app_uid = event.app_uid(),
                     .project = name.Get("projects"),
                     .app = name.Get("apps"),
                     .workflow = event.workflow(),
                     .reference = image.reference(),
                     .digest = image.digest(),
                     .tag = image.tag(),
                     .run = image.run(),
                     .commit = image.commit(),
                     .ref = image.ref(),
                     .order = image.order(),
                     .subject = image.subject(),
                     .traceparent = event.traceparent(),
                     .time = rpc::FromTimestamp(image.create_time())};
}

}  // namespace slipway::gitops
