#include "services/gitops/domain/remover.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(2);

}  // namespace

absl::Status Remover::OnEvent(db::Tx& tx, const events::Event& event) {
  const bool app = event.type == "app.deleting";
  if (!app && event.type != "deployment_pipeline.deleting") return absl::OkStatus();
  slipway::pipeline::v1::DefinitionChanged changed;
  if (!changed.ParseFromString(event.payload)) {
    return absl::InvalidArgumentError("event " + event.type + " has no readable payload");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where,
                           app ? ParseAppName(changed.name(), "name")
                               : ParseDeploymentPipelineName(changed.name(), "name"));
  SLIPWAY_RETURN_IF_ERROR(
      work::AddRemoval(tx, {.name = changed.name(), .app_uid = changed.app_uid(), .where = where}));
  tx.OnCommit([this] { Wake(); });
  return absl::OkStatus();
}

absl::Duration Remover::Pass(const std::stop_token& stop) {
  const auto due = db::RunTx(parts_.pool, "removals.due", kTxTime,
                             [](db::Tx& tx) { return work::DueRemovals(tx, 20); });
  if (!due.ok()) return absl::Seconds(1);
  for (const work::Removal& removal : *due) {
    if (stop.stop_requested()) break;
    const absl::Status done = Remove(removal, stop);
    if (done.ok()) {
      log::Info("removal.done", "cleaned up and confirmed", {{"name", removal.name}});
      continue;
    }
    log::Warn("removal.postponed", "is tried again",
              {{"name", removal.name}, {"error", MessageOf(done)}});
    db::RunTx(parts_.pool, "removals.postpone", kTxTime, [&](db::Tx& tx) {
      return work::PostponeRemoval(tx, removal.name, MessageOf(done), BackOff(removal.attempts));
    }).IgnoreError();
  }
  return due->empty() ? kIdle : absl::Milliseconds(200);
}

absl::StatusOr<std::vector<EnvironmentState>> Remover::Mark(const work::Removal& removal) {
  return db::RunTx(
      parts_.pool, "removals.mark", kTxTime,
      [&](db::Tx& tx) -> absl::StatusOr<std::vector<EnvironmentState>> {
        SLIPWAY_ASSIGN_OR_RETURN(const auto all, environments::ListAll(tx));
        std::vector<EnvironmentState> found;
        for (const EnvironmentState& environment : all) {
          const AppEnvironment& where = environment.where;
          const bool same_app = where.project == removal.where.project &&
                                where.app == removal.where.app &&
                                environment.app_uid == removal.app_uid;
          const bool wanted =
              removal.where.environment.empty() || removal.where.environment == where.environment;
          if (!same_app || !wanted) continue;
          found.push_back(environment);
          if (environment.removed) continue;
          SLIPWAY_ASSIGN_OR_RETURN(const auto open, deployments::ListOpenIn(tx, where));
          for (const Deployment& deployment : open) {
            SLIPWAY_RETURN_IF_ERROR(parts_.lifecycle
                                        .Advance(tx, deployment.id, DeploymentEvent::kFailed,
                                                 {.reason = "its deployment pipeline was deleted"})
                                        .status());
          }
          SLIPWAY_RETURN_IF_ERROR(environments::SetRemoved(tx, where));
          SLIPWAY_RETURN_IF_ERROR(
              journal::Append(tx, {.subject = where.Name(),
                                   .kind = "environment",
                                   .event = "environment.removing",
                                   .verdict = journal::Verdict::kStarted,
                                   .message = "folder and workload are taken away, since " +
                                              removal.name + " is being deleted",
                                   .project = where.project,
                                   .app = where.app}));
        }
        return found;
      });
}

absl::Status Remover::Remove(const work::Removal& removal, const std::stop_token& stop) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto found, Mark(removal));
  SLIPWAY_ASSIGN_OR_RETURN(const auto access, parts_.active());
  // A project's own repository that was never made has nothing to take away.
  if (access && access->IsMade(removal.where.project) && !found.empty()) {
    std::vector<FolderCommit> commits;
    for (const EnvironmentState& environment : found) {
      const AppEnvironment& where = environment.where;
      commits.push_back({.folder = where.Folder(),
                         .message = where.Folder() +
                                    ": removed\n\nSlipway-App: " + where.AppName() +
                                    "\nSlipway-Environment: " + where.environment +
                                    "\nSlipway-Removal: " + removal.name + "\n",
                         .time = absl::Now()});
    }
    SLIPWAY_RETURN_IF_ERROR(
        parts_.repository.Commit(access->For(removal.where.project), commits).status());
  }
  for (const EnvironmentState& environment : found) {
    SLIPWAY_RETURN_IF_ERROR(parts_.syncer.Remove(environment.where, stop));
    SLIPWAY_RETURN_IF_ERROR(db::RunTx(parts_.pool, "removals.gone", kTxTime, [&](db::Tx& tx) {
      return environments::SetHealth(tx, environment.where,
                                     slipway::gitops::v1::DeploymentStatus::MISSING, "")
          .status();
    }));
  }
  const absl::Status confirmed = parts_.pipeline.ConfirmDeletion(removal.name, removal.app_uid);
  if (!confirmed.ok() && !absl::IsNotFound(confirmed)) return confirmed;
  return db::RunTx(parts_.pool, "removals.finish", kTxTime, [&](db::Tx& tx) -> absl::Status {
    if (removal.where.environment.empty())
      SLIPWAY_RETURN_IF_ERROR(work::ForgetApp(tx, removal.app_uid));
    return work::FinishRemoval(tx, removal.name);
  });
}

}  // namespace slipway::gitops
