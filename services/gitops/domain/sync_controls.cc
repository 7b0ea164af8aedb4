#include "services/gitops/domain/sync_controls.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/telemetry/trace_context.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/sync_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;

constexpr absl::Duration kTxTime = absl::Seconds(10);

// Kept with the newest deployment, so that it shows where people look for it; before the first one
// with the environment.
absl::Status Record(db::Tx& tx, Lifecycle& lifecycle, const AppEnvironment& where,
                    const std::string& event, const std::string& message, const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto deployment, deployments::Get(tx, {.where = where}));
  if (deployment) {
    return lifecycle.Note(tx, *deployment, event, journal::Verdict::kDone, message,
                          {{"actor", caller.actor}});
  }
  const auto trace = telemetry::TraceContext::Parse(caller.traceparent);
  return journal::Append(tx, {.subject = where.Name(),
                              .kind = "environment",
                              .event = event,
                              .verdict = journal::Verdict::kDone,
                              .rule = "call",
                              .message = message,
                              .values = {{"actor", caller.actor}},
                              .trace_id = trace ? trace->trace_id : "",
                              .project = where.project,
                              .app = where.app});
}

}  // namespace

absl::StatusOr<pb::SyncStatus> SyncControls::Get(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(name, "name"));
  SLIPWAY_ASSIGN_OR_RETURN(const auto environment,
                           db::RunRead(parts_.pool, "syncs.get", kTxTime,
                                       [&](db::Tx& tx) { return environments::Get(tx, where); }));
  if (environment && !environment->removed) return ToSyncStatus(*environment);
  // Defined, but never deployed.
  SLIPWAY_RETURN_IF_ERROR(parts_.pipeline.ResolveDeployment(where).status());
  return ToSyncStatus({.where = where});
}

absl::StatusOr<pb::SyncStatus> SyncControls::Write(const AppEnvironment& where, const char* event,
                                                   const Caller& caller, const Change& change) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto resolved, parts_.pipeline.ResolveDeployment(where));
  return db::RunTx(
      parts_.pool, event, std::min(caller.deadline, absl::Now() + kTxTime),
      [&](db::Tx& tx) -> absl::StatusOr<pb::SyncStatus> {
        SLIPWAY_RETURN_IF_ERROR(syncs::EnsureRow(tx, where, resolved.app_uid()));
        SLIPWAY_ASSIGN_OR_RETURN(const auto before, environments::Get(tx, where));
        if (!before) return absl::InternalError("the environment's row is missing");
        SLIPWAY_ASSIGN_OR_RETURN(const std::string message, change(tx, *before));
        if (!message.empty()) {
          SLIPWAY_RETURN_IF_ERROR(Record(tx, parts_.lifecycle, where, event, message, caller));
        }
        if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, where.Name()));
        SLIPWAY_ASSIGN_OR_RETURN(const auto after, environments::Get(tx, where));
        tx.OnCommit([this, where] {
          if (changed_) changed_(where);
        });
        return ToSyncStatus(*after);
      });
}

absl::StatusOr<pb::SyncStatus> SyncControls::Suspend(const std::string& name,
                                                     const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(name, "name"));
  return Write(where, "sync.suspended", caller,
               [&](db::Tx& tx, const EnvironmentState&) -> absl::StatusOr<std::string> {
                 SLIPWAY_ASSIGN_OR_RETURN(const bool changed,
                                          syncs::Suspend(tx, where, caller.actor));
                 return changed ? caller.actor +
                                      " suspended the sync: nothing is written to the "
                                      "target until it is resumed"
                                : std::string();
               });
}

absl::StatusOr<pb::SyncStatus> SyncControls::Resume(const std::string& name, const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(name, "name"));
  return Write(where, "sync.resumed", caller,
               [&](db::Tx& tx, const EnvironmentState&) -> absl::StatusOr<std::string> {
                 SLIPWAY_ASSIGN_OR_RETURN(const bool changed, syncs::Resume(tx, where));
                 return changed ? caller.actor + " resumed the sync" : std::string();
               });
}

absl::StatusOr<pb::SyncStatus> SyncControls::Sync(const std::string& name, const Caller& caller,
                                                  bool prune) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(name, "name"));
  const auto policy = parts_.policies.For(where);
  if (!policy.ok()) return policy.status();
  return Write(where, "sync.asked", caller,
               [&](db::Tx& tx, const EnvironmentState& before) -> absl::StatusOr<std::string> {
                 sync::GateFacts facts;
                 facts.name = where.Short();
                 facts.now = parts_.clock.Now();
                 facts.by_hand = true;
                 facts.suspended_by = before.sync.suspended_by;
                 facts.suspended_at = before.sync.suspended_at;
                 facts.windows = policy->windows;
                 const sync::SyncGate gate = sync::Decide(facts);
                 if (!gate.open()) {
                   return SyncHeld(where, gate.hold == sync::Hold::kSuspended, gate.reason);
                 }
                 SLIPWAY_RETURN_IF_ERROR(syncs::Ask(tx, where, caller.actor, prune));
                 return caller.actor + " asked for a sync" +
                        (prune ? ", and confirmed what it deletes" : "");
               });
}

}  // namespace slipway::gitops
