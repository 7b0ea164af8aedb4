#include "services/gitops/source/source_worker.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/source/errors.h"
#include "services/gitops/store/deployment_store.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(2);
// So many are read at once, and what was read is worked on for so long, until what came since is
// asked for, too.
constexpr int kAhead = 32;
constexpr absl::Duration kFresh = absl::Milliseconds(100);
// So many tries of what takes too long, then it is a mistake of the source.
constexpr int kSlowTries = 3;

bool IsFinal(const absl::Status& status, int attempts) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return true;
    case absl::StatusCode::kDeadlineExceeded:
      return DetailsOf(status).reason == "RENDER_TIMEOUT" && attempts + 1 >= kSlowTries;
    default:
      return false;
  }
}

// The first file says where it comes from, so that each deployment makes a commit of its own.
void AddOrigin(const Deployment& deployment, const slipway::pipeline::v1::Repository& repository,
               const std::string& commit, std::vector<Manifest>& manifests) {
  std::string origin = "# " + deployment.Name() + ", rendered by Slipway from\n# " +
                       repository.url() + " " + commit + " " + deployment.deploy.path() + "\n";
  // JSON has no comments.
  for (Manifest& manifest : manifests) {
    if (manifest.file.ends_with(".json")) continue;
    manifest.text.insert(0, origin);
    return;
  }
  manifests.push_back({"origin.yaml", std::move(origin)});
}

}  // namespace

SourceRequest RequestOf(const AppEnvironment& where, const std::string& k8s_namespace,
                        const std::string& image, const slipway::pipeline::v1::DeploySpec& deploy) {
  const auto& helm = deploy.helm();
  return {.where = where,
          .k8s_namespace = k8s_namespace.empty() ? where.environment : k8s_namespace,
          .path = deploy.path(),
          .image = image,
          .env = {deploy.env().begin(), deploy.env().end()},
          .image_key = helm.image_key(),
          .values_files = {helm.values_files().begin(), helm.values_files().end()},
          .values = {helm.values().begin(), helm.values().end()},
          .kustomize_image = deploy.kustomize().image()};
}

SourceWorker::SourceWorker(Parts parts) : parts_(std::move(parts)) {
  for (int i = 0; i < parts_.parallel; ++i)
    loops_.emplace_back([this](const std::stop_token& stop) { return Pass(stop); });
}

void SourceWorker::Start() {
  for (WakeLoop& loop : loops_) loop.Start();
}

void SourceWorker::Stop() {
  for (WakeLoop& loop : loops_) loop.Stop();
}

void SourceWorker::Wake() {
  for (WakeLoop& loop : loops_) loop.Wake();
}

absl::StatusOr<std::optional<sources::Waiting>> SourceWorker::Take(
    const std::set<int64_t>& failed) {
  // Held while the database is asked: what another loop releases is rendered by then.
  const MutexLock lock(mu_);
  SLIPWAY_RETURN_IF_ERROR(Refill());
  while (!next_.empty()) {
    sources::Waiting waiting = std::move(next_.front());
    next_.pop_front();
    if (failed.contains(waiting.deployment_id)) continue;
    taken_.insert(waiting.deployment_id);
    return waiting;
  }
  return std::nullopt;
}

absl::Status SourceWorker::Refill() {
  if (!next_.empty() && absl::Now() - refilled_ < kFresh) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto due,
                           db::RunRead(parts_.pool, "source_worker.due", kTxTime, [&](db::Tx& tx) {
                             return sources::Due(tx, kAhead + static_cast<int>(taken_.size()));
                           }));
  refilled_ = absl::Now();
  next_.clear();
  for (const sources::Waiting& waiting : due) {
    if (!taken_.contains(waiting.deployment_id)) next_.push_back(waiting);
  }
  return absl::OkStatus();
}

void SourceWorker::Release(int64_t deployment_id) {
  const MutexLock lock(mu_);
  taken_.erase(deployment_id);
}

absl::Duration SourceWorker::Pass(const std::stop_token& stop) {
  std::set<int64_t> failed;  // each once, also where that could not be written
  bool any = false;
  while (!stop.stop_requested()) {
    const auto waiting = Take(failed);
    if (!waiting.ok()) {
      log::Warn("source_worker.unavailable", "the database did not answer",
                {{"error", MessageOf(waiting.status())}});
      return absl::Seconds(1);
    }
    if (!*waiting) break;
    const sources::Waiting& one = **waiting;
    any = true;
    const absl::Status done = Render(one, stop);
    if (!done.ok()) {
      failed.insert(one.deployment_id);
      if (!stop.stop_requested()) NoteFailure(one, done);
    }
    Release(one.deployment_id);
  }
  return any ? absl::Milliseconds(200) : kIdle;
}

absl::Status SourceWorker::Render(const sources::Waiting& waiting, const std::stop_token& stop) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto found,
                           db::RunRead(parts_.pool, "source_worker.read", kTxTime, [&](db::Tx& tx) {
                             return deployments::GetById(tx, waiting.deployment_id);
                           }));
  if (!found || IsFinal(found->state)) return absl::OkStatus();
  Deployment deployment = *found;
  const std::string& revision = deployment.deploy.revision();
  if (revision.empty() && deployment.image.commit.empty()) {
    return SourceInvalid("spec.deploy.revision",
                         "the image does not say which commit it was built from; name a branch, "
                         "tag or commit");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, parts_.repositories.MirrorOf(waiting.repository));
  SLIPWAY_ASSIGN_OR_RETURN(
      const std::string commit,
      ResolveNow(*mirror, revision.empty() ? deployment.image.commit : revision));
  SLIPWAY_ASSIGN_OR_RETURN(
      RenderedSource rendered, mirror->Read([&](const git::Repository& repository) {
        return parts_.renderer.Render(repository, commit,
                                      RequestOf(deployment.where, deployment.k8s_namespace,
                                                deployment.image.reference, deployment.deploy),
                                      stop);
      }));
  AddOrigin(deployment, waiting.repository, commit, rendered.manifests);
  // Whoever goes back to this deployment gets what it was, wherever the branch is then.
  if (!revision.empty()) deployment.deploy.set_revision(commit);
  const absl::Status stored =
      db::RunTx(parts_.pool, "source_worker.rendered", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(
            sources::SetRendered(tx, deployment.id, commit, rendered.manifests, deployment.deploy));
        return parts_.lifecycle.Note(tx, deployment, "deployment.rendered", journal::Verdict::kNone,
                                     "rendered from the " + std::string(KindText(rendered.kind)) +
                                         " at " + deployment.deploy.path(),
                                     {{"commit", commit}, {"key", rendered.key}});
      });
  SLIPWAY_RETURN_IF_ERROR(stored);
  parts_.rendered();
  return absl::OkStatus();
}

void SourceWorker::NoteFailure(const sources::Waiting& waiting, const absl::Status& status) {
  const std::string reason = MessageOf(status);
  log::Warn("source_worker.failed", "a deployment's source was not rendered",
            {{"deployment", std::to_string(waiting.deployment_id)}, {"error", reason}});
  db::RunTx(parts_.pool, "source_worker.failed", kTxTime, [&](db::Tx& tx) -> absl::Status {
    if (IsFinal(status, waiting.attempts)) {
      return parts_.lifecycle
          .Advance(tx, waiting.deployment_id, DeploymentEvent::kFailed, {.reason = reason})
          .status();
    }
    SLIPWAY_RETURN_IF_ERROR(
        sources::Postpone(tx, waiting.deployment_id, BackOff(waiting.attempts)));
    return parts_.lifecycle.Explain(tx, waiting.deployment_id, "waits for its source: " + reason);
  }).IgnoreError();
}

}  // namespace slipway::gitops
