#include "services/gitops/domain/committer.h"

#include <algorithm>
#include <map>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/provider/errors.h"
#include "services/gitops/store/deployment_store.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(2);
constexpr int kBatch = 50;

FolderCommit CommitOf(const Deployment& deployment, std::vector<Manifest> manifests,
                      bool look_first) {
  const AppEnvironment& where = deployment.where;
  const ImageRecord& image = deployment.image;
  std::string message =
      where.Folder() +
      (image.digest.empty() ? ": commit " + image.commit : ": image " + image.digest) + "\n";
  if (!deployment.image.subject.empty()) message += "\n" + deployment.image.subject + "\n";
  message += "\nSlipway-App: " + where.AppName();
  message += "\nSlipway-Environment: " + where.environment;
  if (!image.reference.empty()) message += "\nSlipway-Image: " + image.reference;
  if (!image.run.empty()) message += "\nSlipway-Run: " + image.run;
  message.append("\n").append(DesiredRepository::kTrailer).append(": ").append(deployment.Name());
  message += "\nSlipway-Actor: " + deployment.actor + "\n";
  return {.key = deployment.Name(),
          .folder = where.Folder(),
          .files = std::move(manifests),
          .message = std::move(message),
          .time = deployment.created,
          .look_first = look_first};
}

// Whether trying again can help without anybody doing something.
bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    // The provider gets another token.
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Duration Committer::Pass() {
  auto queue = db::RunTx(pool_, "committer.waiting", kTxTime,
                         [&](db::Tx& tx) { return deployments::NextToCommit(tx, kBatch); });
  if (!queue.ok()) {
    log::Warn("committer.unavailable", "the database did not answer",
              {{"error", MessageOf(queue.status())}});
    return absl::Seconds(1);
  }
  if (metrics_ != nullptr) {
    metrics_->SetQueue("commits", queue->waiting,
                       queue->next.empty() ? absl::ZeroDuration() : absl::Now() - queue->oldest);
  }
  std::vector<Deployment>& waiting = queue->next;
  if (waiting.empty()) {
    failures_ = 0;
    return kIdle;
  }
  const auto access = active_();
  if (!access.ok() || !*access) {
    ExplainAll(waiting, access.ok() ? MessageOf(NoActiveProvider()) : MessageOf(access.status()));
    return kIdle;
  }
  // Projects with a repository of their own go there; one that is away keeps back no other.
  std::map<std::string, std::vector<Deployment>> by_place;
  bool done = true, transient = false;
  std::map<std::string, absl::Status> prepared;  // by project
  for (Deployment& deployment : waiting) {
    const std::string& project = deployment.where.project;
    if (prepare_ && !(*access)->IsMade(project)) {
      // The next pass has its address then.
      done = false;
      const auto [made, is_new] = prepared.try_emplace(project);
      if (is_new) made->second = prepare_(project);
      if (made->second.ok()) continue;
      transient = true;
      ExplainAll({deployment},
                 "waits for the project's own repository: " + provider::WithRemedy(made->second));
      continue;
    }
    by_place[(*access)->For(project).Place()].push_back(std::move(deployment));
  }
  for (auto& [place, deployments] : by_place) {
    const RepositoryAccess target = (*access)->For(deployments.front().where.project);
    if (!CommitTo(target, std::move(deployments), transient)) done = false;
  }
  if (transient) return BackOff(failures_++);
  failures_ = 0;
  return done ? absl::ZeroDuration() : absl::Milliseconds(200);
}

bool Committer::CommitTo(const RepositoryAccess& access, std::vector<Deployment> waiting,
                         bool& transient) {
  const absl::Status done = CommitAll(access, waiting);
  if (done.ok()) return true;
  log::Warn("committer.failed", "the commits did not get to the branch",
            {{"provider", access.provider}, {"error", MessageOf(done)}});
  if (IsTransient(done)) {
    ExplainAll(waiting, "waits for the GitOps repository: " + MessageOf(done) + " (" +
                            access.provider + ")");
    transient = true;
    return false;
  }
  if (waiting.size() == 1) {
    Fail(waiting.front(), MessageOf(done) + " (" + access.provider + ")");
    return false;
  }
  // The mistake of one must not fail the others.
  for (Deployment& deployment : waiting) {
    deployment.state =
        slipway::gitops::v1::DeploymentStatus::COMMITTING;  // marked by the try together
    const absl::Status alone = CommitAll(access, {deployment});
    if (!alone.ok() && !IsTransient(alone))
      Fail(deployment, MessageOf(alone) + " (" + access.provider + ")");
  }
  return false;
}

void Committer::Fail(const Deployment& deployment, const std::string& reason) {
  db::RunTx(pool_, "committer.fail", kTxTime, [&](db::Tx& tx) {
    return lifecycle_.Advance(tx, deployment.id, DeploymentEvent::kFailed, {.reason = reason})
        .status();
  }).IgnoreError();
}

absl::Status Committer::CommitAll(const RepositoryAccess& access,
                                  const std::vector<Deployment>& waiting) {
  std::vector<FolderCommit> commits;
  std::vector<int64_t> ids;
  SLIPWAY_RETURN_IF_ERROR(
      db::RunTx(pool_, "committer.pick", kTxTime, [&](db::Tx& tx) -> absl::Status {
        commits.clear();
        ids.clear();
        for (const Deployment& deployment : waiting) {
          const bool marked = deployment.state == slipway::gitops::v1::DeploymentStatus::COMMITTING;
          if (!marked) {
            SLIPWAY_ASSIGN_OR_RETURN(
                const auto picked,
                lifecycle_.Advance(tx, deployment.id, DeploymentEvent::kPicked, {}));
            if (!picked) continue;  // superseded meanwhile
          }
          auto manifests = deployments::ReadManifests(tx, deployment.id);
          if (!manifests.ok() && !absl::IsDataLoss(manifests.status())) return manifests.status();
          // A commit without files would take away what runs.
          if (!manifests.ok() || manifests->empty()) {
            const std::string problem = manifests.ok() ? "" : MessageOf(manifests.status());
            const auto failed =
                lifecycle_.Advance(tx, deployment.id, DeploymentEvent::kFailed,
                                   {.reason = MessageOf(NoManifests(deployment.Name(), problem))});
            if (!failed.ok()) return failed.status();
            continue;
          }
          commits.push_back(CommitOf(deployment, *std::move(manifests), marked));
          ids.push_back(deployment.id);
        }
        return absl::OkStatus();
      }));
  if (commits.empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> shas,
                           repository_.Commit(access, commits));
  return db::RunTx(pool_, "committer.pushed", kTxTime, [&](db::Tx& tx) -> absl::Status {
    for (size_t i = 0; i < ids.size(); ++i) {
      SLIPWAY_RETURN_IF_ERROR(
          lifecycle_
              .Advance(tx, ids[i], DeploymentEvent::kPushed,
                       {.commit = shas[i],
                        .values = {{"commit", shas[i]}, {"provider", access.provider}}})
              .status());
    }
    return absl::OkStatus();
  });
}

void Committer::ExplainAll(const std::vector<Deployment>& waiting, const std::string& reason) {
  db::RunTx(pool_, "committer.explain", kTxTime, [&](db::Tx& tx) -> absl::Status {
    for (const Deployment& deployment : waiting) {
      SLIPWAY_RETURN_IF_ERROR(lifecycle_.Explain(tx, deployment.id, reason));
    }
    return absl::OkStatus();
  }).IgnoreError();
}

}  // namespace slipway::gitops
