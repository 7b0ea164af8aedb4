#include "services/gitops/domain/sync_writer.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/source_store.h"

namespace slipway::gitops {
namespace {

using journal::Verdict;
using Status = slipway::gitops::v1::DeploymentStatus;

constexpr absl::Duration kTxTime = absl::Seconds(10);
// So many failures of a target in a row that may pass by themselves, then the deployment fails.
constexpr int kFailures = 6;
// A confirmation that nobody looked at for so long is none.
constexpr absl::Duration kConfirmed = absl::Minutes(1);

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status);
}

bool IsForGood(const absl::Status& status, int failures) {
  if (IsPassing(status)) return false;
  if (absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status)) return true;
  return absl::IsResourceExhausted(status) || failures >= kFailures;
}

// The hosts of images in the manifests, as far as they name one: whose credentials pulls need. What
// only looks like an image costs no more than a question.
std::vector<std::string> HostsOf(const DesiredState& desired) {
  static const RE2& image = *new RE2(R"(\bimage["']?\s*:\s*["']?([\w.-]+(?::\d+)?)/)");
  std::set<std::string> hosts;
  for (const Manifest& manifest : desired.manifests) {
    re2::StringPiece text(manifest.text);
    std::string host;
    while (RE2::FindAndConsume(&text, image, &host)) hosts.insert(host);
  }
  return {hosts.begin(), hosts.end()};
}

}  // namespace

absl::Status SyncWriter::AddCredentials(DesiredState& desired, absl::Duration max_age) {
  desired.credentials.clear();
  const absl::Time now = parts_.clock.Now();
  for (const std::string& host : HostsOf(desired)) {
    int64_t forgotten;
    {
      MutexLock lock(mu_);
      const auto known = credentials_.find(host);
      if (known != credentials_.end() && now - known->second.read < max_age) {
        desired.credentials.insert(desired.credentials.end(), known->second.found.begin(),
                                   known->second.found.end());
        continue;
      }
      forgotten = forgotten_;
    }
    auto found = parts_.pipeline.PullCredentials(host);
    // Without its credential the registry would refuse, which counts for good: a service that is
    // away is waited for.
    if (IsPassing(found.status())) return found.status();
    if (!found.ok()) {
      log::Warn("sync.credentials_failed", "the image is pulled without a credential",
                {{"host", host}, {"error", MessageOf(found.status())}});
      continue;
    }
    desired.credentials.insert(desired.credentials.end(), found->begin(), found->end());
    MutexLock lock(mu_);
    // One that changed while it was read may be the old one.
    if (forgotten == forgotten_) credentials_[host] = {now, *std::move(found)};
  }
  return absl::OkStatus();
}

void SyncWriter::ForgetCredentials() {
  MutexLock lock(mu_);
  credentials_.clear();
  ++forgotten_;
}

bool SyncWriter::Apply(const SyncView& view, DesiredState& desired, const std::string& from,
                       SyncMemory& memory, absl::Duration& retry) {
  absl::Status reached = AddCredentials(
      desired, desired.cluster == kLocalCluster ? absl::ZeroDuration() : kCredentialAge);
  if (reached.ok()) reached = Limit(desired);
  desired.prune_confirmed = MayPrune(view, desired, memory);
  const absl::StatusOr<Applied> applied =
      reached.ok() ? parts_.target.Apply(desired) : absl::StatusOr<Applied>(reached);
  memory.probes = 0;
  memory.exit_counted = false;
  if (applied.ok() && !applied->waiting.empty()) {
    retry = Wait(view, desired, *applied, memory);
    return false;
  }
  if (applied.ok()) {
    memory.waiting_tree.clear();
    NoteApplied(view, desired, from, *applied);
    return true;
  }
  retry = NoteFailed(view, desired, applied.status());
  return false;
}

absl::Duration SyncWriter::NoteFailed(const SyncView& view, const DesiredState& desired,
                                      const absl::Status& problem) {
  const std::string why = MessageOf(problem);
  const bool open = view.deployment && view.deployment->state == Status::SYNCING;
  log::Warn("sync.apply_failed", "the target did not take the desired state",
            {{"environment", desired.where.Name()}, {"commit", desired.commit}, {"error", why}});
  const sync::RetryState& earlier = view.environment->sync.retry;
  const int failures = earlier.revision == desired.tree ? earlier.failures + 1 : 1;
  const bool for_good = IsForGood(problem, failures);
  // What ran with this very state before may run again: only a new one is given up.
  const bool is_new = open || view.environment->applied_tree != desired.tree;
  const auto next = db::RunTx(
      parts_.pool, "sync.apply_failed", kTxTime, [&](db::Tx& tx) -> absl::StatusOr<absl::Duration> {
        SLIPWAY_RETURN_IF_ERROR(CheckHeld(tx, desired.cluster));
        if (open && for_good) {
          SLIPWAY_RETURN_IF_ERROR(
              parts_.lifecycle
                  .Advance(tx, view.deployment->id, DeploymentEvent::kFailed, {.reason = why})
                  .status());
        } else if (open) {
          SLIPWAY_RETURN_IF_ERROR(
              parts_.lifecycle.Explain(tx, view.deployment->id, "waits for the target: " + why));
        } else {
          SLIPWAY_RETURN_IF_ERROR(environments::SetHealth(tx, desired.where,
                                                          view.environment->health,
                                                          "can't be put back: " + why)
                                      .status());
        }
        return parts_.guard.Failed(tx, *view.environment, desired.tree, for_good && is_new);
      });
  return next.value_or(absl::Seconds(1));
}

bool SyncWriter::MayPrune(const SyncView& view, const DesiredState& desired,
                          SyncMemory& memory) const {
  const SyncControl& control = view.environment->sync;
  if (control.asked_by.empty() || !control.asked_prune) return false;
  if (memory.prune_asked != control.asked_at) {
    // It is about what was in Git when it was said, which nobody knows any more after a while.
    if (parts_.clock.Now() - control.asked_at > kConfirmed) return false;
    memory.prune_asked = control.asked_at;
    memory.prune_tree = desired.tree;
  }
  return memory.prune_tree == desired.tree;
}

absl::Status SyncWriter::Limit(DesiredState& desired) {
  SLIPWAY_ASSIGN_OR_RETURN(SyncPolicy policy, parts_.policies.For(desired.where));
  desired.limits = std::move(policy.limits);
  if (desired.limits && !desired.limits->source_repos.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(desired.source_repo,
                             db::RunTx(parts_.pool, "sync.source", kTxTime, [&](db::Tx& tx) {
                               return sources::FolderSource(tx, desired.where);
                             }));
  }
  return absl::OkStatus();
}

absl::Duration SyncWriter::Wait(const SyncView& view, const DesiredState& desired,
                                const Applied& applied, SyncMemory& memory) {
  const absl::Time now = parts_.clock.Now();
  if (memory.waiting_tree != desired.tree) {
    memory.waiting_tree = desired.tree;
    memory.waiting_since = now;
    memory.degraded_since = absl::InfiniteFuture();
  }
  memory.degraded_since =
      applied.degraded ? std::min(memory.degraded_since, now) : absl::InfiniteFuture();
  const bool open = view.deployment && view.deployment->state == Status::SYNCING;
  if (!open) return parts_.watched_interval;
  const absl::Duration quiet = memory.waiting_since + kQuiet - now;
  if (quiet > absl::ZeroDuration()) return quiet;
  const absl::Time degraded = memory.degraded_since + parts_.degraded_grace;
  const absl::Time late = memory.waiting_since + parts_.health_timeout;
  if (now < degraded && now < late) {
    const std::string reason = "waiting for " + applied.waiting;
    if (view.deployment->reason != reason) Explain(*view.deployment, reason);
    return std::min(degraded, late) - now;
  }
  const std::string reason = now < late ? "stopped at " + applied.waiting
                                        : "waited " + absl::FormatDuration(parts_.health_timeout) +
                                              " for " + applied.waiting;
  Advance(view.deployment->id, DeploymentEvent::kFailed, {.reason = reason}).IgnoreError();
  return parts_.watched_interval;
}

absl::Status SyncWriter::CheckHeld(db::Tx& tx, const std::string& cluster) {
  const auto lease = parts_.holdings.LeaseOn(cluster);
  return lease ? lease->Check(tx) : absl::UnavailableError("\"" + cluster + "\" is not held");
}

void SyncWriter::NoteApplied(const SyncView& view, const DesiredState& desired,
                             const std::string& from, const Applied& applied) {
  const absl::Status noted =
      db::RunTx(parts_.pool, "sync.applied", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(CheckHeld(tx, desired.cluster));
        const bool by_hand = view.deployment && IsFinal(view.deployment->state) &&
                             view.environment->applied_tree != desired.tree &&
                             view.environment->sync.asked_by.empty();
        SLIPWAY_RETURN_IF_ERROR(environments::SetApplied(tx, desired.where,
                                                         {.commit = desired.commit,
                                                          .tree = desired.tree,
                                                          .from = from,
                                                          .url = applied.url,
                                                          .cluster = desired.cluster,
                                                          .k8s_namespace = desired.k8s_namespace,
                                                          .ignored = desired.ignored}));
        SLIPWAY_RETURN_IF_ERROR(parts_.guard.Worked(tx, *view.environment, view.deployment));
        if (!view.deployment) return absl::OkStatus();
        for (const std::string& note : applied.notes) {
          SLIPWAY_RETURN_IF_ERROR(parts_.lifecycle.Note(tx, *view.deployment, "target.differs",
                                                        Verdict::kAccepted, note));
        }
        if (by_hand) {
          SLIPWAY_RETURN_IF_ERROR(parts_.lifecycle.Note(
              tx, *view.deployment, "sync.commit_applied", Verdict::kDone,
              "a commit of somebody else in the GitOps repository was applied",
              {{"commit", desired.commit}, {"tree", desired.tree}}));
        }
        if (view.deployment->state != Status::SYNCING) return absl::OkStatus();
        return parts_.lifecycle
            .Advance(tx, view.deployment->id, DeploymentEvent::kApplied,
                     {.url = applied.url,
                      .progress_by = parts_.clock.Now() + parts_.health_timeout,
                      .values = {{"commit", desired.commit},
                                 {"changed", applied.changed ? "yes" : "no"}}})
            .status();
      });
  if (!noted.ok()) log::Warn("sync.note_failed", "is done again", {{"error", MessageOf(noted)}});
}

void SyncWriter::Explain(const Deployment& deployment, const std::string& reason) {
  db::RunTx(parts_.pool, "sync.explain", kTxTime, [&](db::Tx& tx) {
    return parts_.lifecycle.Explain(tx, deployment.id, reason);
  }).IgnoreError();
}

void SyncWriter::Note(const Deployment& deployment, const std::string& event, Verdict verdict,
                      const std::string& message,
                      const std::map<std::string, std::string>& values) {
  db::RunTx(parts_.pool, "sync.note", kTxTime, [&](db::Tx& tx) {
    return parts_.lifecycle.Note(tx, deployment, event, verdict, message, values);
  }).IgnoreError();
}

absl::Status SyncWriter::Advance(int64_t id, DeploymentEvent event, const Change& change) {
  return db::RunTx(parts_.pool, "sync.advance", kTxTime, [&](db::Tx& tx) {
    return parts_.lifecycle.Advance(tx, id, event, change).status();
  });
}

}  // namespace slipway::gitops
