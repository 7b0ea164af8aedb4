#include "services/gitops/domain/syncer.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/forge/repository_url.h"
#include "libs/log/log.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/domain/placement.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/provider_store.h"

namespace slipway::gitops {
namespace {

using journal::Verdict;
using Status = slipway::gitops::v1::DeploymentStatus;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kLeaveAgain = absl::Seconds(2);

}  // namespace

Syncer::Syncer(Parts parts, Options options)
    : parts_(std::move(parts)),
      options_(options),
      policies_(parts_.clock, parts_.pool, parts_.pipeline),
      guard_({parts_.clock, parts_.pool, parts_.lifecycle, policies_}),
      writer_({parts_.clock, parts_.pool, parts_.lifecycle, parts_.target, parts_.pipeline,
               policies_, guard_, options_.health_timeout, options_.watched_interval,
               options_.degraded_grace, parts_.holdings}),
      fetcher_([this](const std::stop_token&) { return FetchAll(); }) {}

void Syncer::Start() {
  parts_.target.Subscribe([this](const AppEnvironment& where) { Wake(where); });
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
  {
    MutexLock lock(mu_);
    started_ = true;
  }
  fetcher_.Start();
}

void Syncer::Stop() {
  fetcher_.Stop();
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
  parts_.target.Unsubscribe();
}

void Syncer::Work(const std::stop_token& stop) {
  while (const auto where = schedule_.Take(stop)) schedule_.GiveBack(*where, Look(*where));
}

void Syncer::WakeAll() {
  {
    MutexLock lock(mu_);
    fetch_all_at_ = absl::InfinitePast();
  }
  fetcher_.Wake();
}

void Syncer::Gained(const std::string& cluster) {
  {
    MutexLock lock(mu_);
    if (!started_) return;
  }
  const auto all = db::RunRead(parts_.pool, "sync.gained", kTxTime,
                             [&](db::Tx& tx) { return environments::ListOn(tx, cluster); });
  if (!all.ok()) {
    log::Warn("sync.gained_failed", "what is there is looked at later",
              {{"cluster", cluster}, {"error", MessageOf(all.status())}});
    return;
  }
  for (const AppEnvironment& where : *all) Wake(where);
}

void Syncer::NotePush(const std::string& url) {
  const auto access = parts_.active();
  if (!access.ok() || !*access) return;
  const std::string pushed = forge::NormaliseRepositoryUrl(url);
  const auto all = (*access)->All();
  const bool ours = std::any_of(all.begin(), all.end(), [&](const RepositoryAccess& one) {
    return !pushed.empty() && forge::NormaliseRepositoryUrl(one.url) == pushed;
  });
  if (!ours) return;
  {
    MutexLock lock(mu_);
    pushed_.insert(pushed);
  }
  fetcher_.Wake();
}

absl::Duration Syncer::FetchAll() {
  std::set<std::string> pushed;
  const absl::Time now = absl::Now();
  bool due;
  absl::Duration next = options_.fetch_interval;
  {
    MutexLock lock(mu_);
    pushed.swap(pushed_);
    due = now >= fetch_all_at_;
    if (due) fetch_all_at_ = now + options_.fetch_interval;
    next = fetch_all_at_ - now;
  }
  const auto access = parts_.active();
  const auto all = access.ok() && *access ? (*access)->All() : std::vector<RepositoryAccess>();
  const auto is_pushed = [&](const RepositoryAccess& repository) {
    return pushed.contains(forge::NormaliseRepositoryUrl(repository.url));
  };
  for (const RepositoryAccess& repository : all) {
    if (is_pushed(repository)) Fetch(**access, repository);
  }
  if (!due) return next;
  // What is known already comes first: a git host that is away must not keep back what runs.
  for (const RepositoryAccess& repository : all) WakeIfMoved(**access, repository);
  for (const RepositoryAccess& repository : all) {
    if (!is_pushed(repository)) Fetch(**access, repository);
  }
  // What runs but is not known any more is looked at, too: that look takes it away.
  const auto running = parts_.target.List();
  if (!running.ok()) {
    log::Warn("sync.list_failed", "the target did not say what runs",
              {{"error", MessageOf(running.status())}});
  } else {
    for (const AppEnvironment& where : *running) schedule_.Add(where, options_.resync_interval);
  }
  NoteStrays();
  return next;
}

void Syncer::NoteStrays() {
  const auto found = parts_.target.Strays();
  if (!found.ok()) return;
  {
    MutexLock lock(mu_);
    strays_ = {found->begin(), found->end()};
  }
  for (const AppEnvironment& where : *found) Wake(where);
}

void Syncer::Fetch(const RepositoryAccess& active, const RepositoryAccess& access) {
  const absl::Status fetched = parts_.repository.Fetch(access);
  if (!fetched.ok()) {
    log::Warn("sync.fetch_failed",
              "the GitOps repository was not reached; what is known stays desired",
              {{"provider", access.provider}, {"error", MessageOf(fetched)}});
  }
  WakeIfMoved(active, access);
}

void Syncer::WakeIfMoved(const RepositoryAccess& active, const RepositoryAccess& access) {
  const auto head = parts_.repository.Head(access);
  if (!head.ok()) return;
  const auto last = last_heads_.find(access.Place());
  if (last != last_heads_.end() && last->second == *head) return;
  // Most commits are about one folder: the others are not even looked at.
  const auto changed = head->empty() || last == last_heads_.end()
                           ? absl::StatusOr<std::vector<AppEnvironment>>(absl::NotFoundError(""))
                           : parts_.repository.Changed(access, last->second, *head);
  const auto known = db::RunTx(parts_.pool, "sync.head", kTxTime, [&](db::Tx& tx) {
    // A project's own repository is not the provider's.
    if (access.url == active.url && parts_.holdings.Holds(kLocalCluster)) {
      providers::SetCommit(tx, access.provider.substr(access.provider.find('/') + 1), *head)
          .IgnoreError();
    }
    return changed.ok() ? environments::ListThese(tx, *changed) : environments::ListAll(tx);
  });
  if (!known.ok()) return;
  last_heads_[access.Place()] = *head;
  for (const EnvironmentState& environment : *known) {
    if (active.For(environment.where.project).Place() != access.Place()) continue;
    // Of one that was never applied it is not known here where it goes.
    if (!environment.applied_tree.empty() && !parts_.holdings.Holds(environment.cluster)) continue;
    Wake(environment.where);
  }
}

std::optional<absl::Duration> Syncer::Look(const AppEnvironment& where) {
  auto view = Read(where);
  if (!view.ok()) {
    log::Warn("sync.read_failed", "is tried again",
              {{"environment", where.Name()}, {"error", MessageOf(view.status())}});
    return absl::Seconds(1);
  }
  if (!view->environment || view->environment->removed) {
    const absl::Status deleted = parts_.target.Delete(where);
    if (deleted.ok()) return std::nullopt;
    log::Warn("sync.delete_failed", "is tried again",
              {{"environment", where.Name()}, {"error", MessageOf(deleted)}});
    return absl::Seconds(2);
  }
  const Placement place = PlacementOf(*view);
  const auto here = parts_.holdings.Enter(place.cluster);
  const auto before = place.previous.empty() ? nullptr : parts_.holdings.Enter(place.previous);
  // What is known of it may be old, so it is not even looked at.
  if ((here && IsInDoubt(place.cluster)) || (before && IsInDoubt(place.previous)))
    return absl::Seconds(1);
  bool stray = false;
  {
    MutexLock lock(mu_);
    stray = strays_.erase(where) > 0;
  }
  const bool left = (here && !stray) || LeaveOthers(*view, place.cluster);
  if (!here && !before) return left ? std::nullopt : std::optional(kLeaveAgain);
  const auto access = parts_.active();
  if (!access.ok() || !*access) {
    if (here && view->deployment && view->deployment->state == Status::SYNCING) {
      writer_.Explain(*view->deployment,
                      MessageOf(access.ok() ? NoActiveProvider() : access.status()));
    }
    return options_.resync_interval;
  }
  SyncMemory memory = Recall(where);
  const RepositoryAccess from = (*access)->For(where.project);
  std::optional<absl::Duration> next;
  if (const absl::Status behind = CatchUp(*view, from, memory); !behind.ok()) {
    log::Warn("sync.behind", "the mirror of the repository is older than what was applied",
              {{"environment", where.Name()}, {"error", MessageOf(behind)}});
    next = absl::Seconds(2);
  } else if (here) {
    next = LookAt(where, *std::move(view), from, memory);
  } else {
    // It is on its way to another process's cluster.
    next = KeepApplied(*std::move(view), from, memory);
  }
  Remember(where, memory);
  return left ? next : std::min(next.value_or(kLeaveAgain), kLeaveAgain);
}

bool Syncer::IsInDoubt(const std::string& cluster) const {
  const auto lease = parts_.holdings.LeaseOn(cluster);
  return lease == nullptr || !lease->Valid();
}

bool Syncer::LeaveOthers(const SyncView& view, const std::string& cluster) {
  const AppEnvironment& where = view.environment->where;
  const absl::Status left = parts_.target.Leave(where, {cluster, view.environment->cluster});
  if (left.ok()) return true;
  log::Warn("sync.leave_failed", "it went to another cluster; is tried again",
            {{"environment", where.Name()}, {"error", MessageOf(left)}});
  MutexLock lock(mu_);
  strays_.insert(where);
  return false;
}

absl::Status Syncer::CatchUp(const SyncView& view, const RepositoryAccess& access,
                             SyncMemory& memory) {
  std::vector<std::string> commits;
  const EnvironmentState& environment = *view.environment;
  if (environment.applied_from == access.Place()) commits.push_back(environment.applied_commit);
  if (view.deployment && view.deployment->state == Status::SYNCING)
    commits.push_back(view.deployment->commit);
  for (const std::string& commit : commits) {
    if (commit.empty() || commit == memory.sought) continue;
    SLIPWAY_ASSIGN_OR_RETURN(bool known, parts_.repository.Knows(access, commit));
    if (known) continue;
    MutexLock lock(catching_up_);
    SLIPWAY_ASSIGN_OR_RETURN(known, parts_.repository.Knows(access, commit));
    if (known) continue;
    SLIPWAY_RETURN_IF_ERROR(parts_.repository.Fetch(access));
    SLIPWAY_ASSIGN_OR_RETURN(known, parts_.repository.Knows(access, commit));
    // The branch was written anew without it.
    if (!known) memory.sought = commit;
  }
  return absl::OkStatus();
}

absl::StatusOr<SyncView> Syncer::Read(const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(deployments::Newest newest,
                           db::RunRead(parts_.pool, "sync.read", kTxTime, [&](db::Tx& tx) {
                             return deployments::GetNewest(tx, where);
                           }));
  return SyncView{std::move(newest.environment), std::move(newest.deployment)};
}

std::optional<absl::Duration> Syncer::LookAt(const AppEnvironment& where, SyncView view,
                                             const RepositoryAccess& access, SyncMemory& memory) {
  const auto head = parts_.repository.Head(access);
  if (!head.ok()) {
    log::Warn("sync.head_failed", "is tried again", {{"error", MessageOf(head.status())}});
    return absl::Seconds(2);
  }
  // An empty branch says nothing about what shall run: a repository that was just set up, or is
  // being restored.
  if (head->empty()) return options_.resync_interval;
  auto folder = parts_.repository.Folder(access, *head, where);
  if (!folder.ok()) {
    log::Warn("sync.folder_failed", "is tried again", {{"error", MessageOf(folder.status())}});
    return absl::Seconds(2);
  }
  if (folder->tree.empty()) {
    // Never written yet, or the commit that takes it away: only what was applied from Git is taken
    // away because of Git.
    if (view.environment->applied_tree.empty()) return options_.resync_interval;
    // Another repository has become the active one: what runs goes on until it is deployed from
    // there.
    if (view.environment->applied_from != access.Place()) return options_.resync_interval;
    const auto refusal =
        guard_.Refuses({*view.environment, view.deployment, *head, sync::Cause::kCommit});
    if (refusal) return std::min(refusal->wait, options_.resync_interval);
    const absl::Status deleted = parts_.target.Delete(where);
    if (!deleted.ok()) return absl::Seconds(2);
    db::RunTx(parts_.pool, "sync.pruned", kTxTime, [&](db::Tx& tx) -> absl::Status {
      SLIPWAY_RETURN_IF_ERROR(
          environments::SetApplied(tx, where,
                                   {.commit = *head,
                                    .from = access.Place(),
                                    .cluster = view.environment->cluster,
                                    .k8s_namespace = view.environment->k8s_namespace}));
      SLIPWAY_RETURN_IF_ERROR(environments::SetHealth(tx, where, Status::MISSING, "").status());
      if (!view.deployment) return absl::OkStatus();
      return parts_.lifecycle.Note(
          tx, *view.deployment, "sync.pruned", Verdict::kDone,
          "its folder is gone from the GitOps repository, so the workload was taken away",
          {{"commit", *head}, {"folder", where.Folder()}});
    }).IgnoreError();
    return options_.resync_interval;
  }
  DesiredState desired{
      .where = where, .commit = *head, .tree = folder->tree, .manifests = std::move(folder->files)};
  Place(view, desired);
  const bool open = view.deployment && view.deployment->state == Status::SYNCING;
  const bool asked = !view.environment->sync.asked_by.empty();
  if (view.environment->applied_tree != desired.tree || open || asked) {
    std::optional<absl::Time> began;
    if (memory.waiting_tree == desired.tree) began = memory.waiting_since;
    const auto refusal = guard_.Refuses(
        {*view.environment, view.deployment, desired.tree, sync::Cause::kCommit, began});
    // After a failed try a part of it may be there already, so nothing else is put in its place.
    if (refusal && refusal->hold == sync::Hold::kBackOff) return refusal->wait;
    // What another process has applied is its to look after.
    if (refusal && !desired.previous_cluster.empty() &&
        !parts_.holdings.Holds(desired.previous_cluster))
      return refusal->wait;
    if (refusal) return std::min(refusal->wait, KeepApplied(std::move(view), access, memory));
    absl::Duration retry;
    if (!writer_.Apply(view, desired, access.Place(), memory, retry)) return retry;
    auto again = Read(where);
    if (!again.ok()) return absl::Milliseconds(100);
    view = *std::move(again);
  }
  return Watch(view, desired, access.Place(), memory);
}

absl::Duration Syncer::KeepApplied(SyncView view, const RepositoryAccess& access,
                                   SyncMemory& memory) {
  const EnvironmentState& environment = *view.environment;
  if (environment.applied_tree.empty() || environment.applied_from != access.Place()) {
    return options_.watched_interval;
  }
  auto folder = parts_.repository.Folder(access, environment.applied_commit, environment.where);
  if (!folder.ok() || folder->tree != environment.applied_tree) return options_.resync_interval;
  // What is noted from now on is not about the deployment that waits.
  view.deployment.reset();
  view.held = true;
  DesiredState applied{.where = environment.where,
                       .commit = environment.applied_commit,
                       .tree = folder->tree,
                       .manifests = std::move(folder->files)};
  Place(view, applied);
  return Watch(view, applied, access.Place(), memory);
}

absl::StatusOr<DesiredState> Syncer::Desired(const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const SyncView view, Read(where));
  if (!view.environment) return DeploymentNotFound(where.Name());
  SLIPWAY_ASSIGN_OR_RETURN(const auto active, parts_.active());
  if (!active) return NoActiveProvider();
  const RepositoryAccess access = active->For(where.project);
  SyncMemory memory;
  SLIPWAY_RETURN_IF_ERROR(CatchUp(view, access, memory));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string head, parts_.repository.Head(access));
  SLIPWAY_ASSIGN_OR_RETURN(auto folder, parts_.repository.Folder(access, head, where));
  DesiredState desired{
      .where = where, .commit = head, .tree = folder.tree, .manifests = std::move(folder.files)};
  Place(view, desired);
  SLIPWAY_RETURN_IF_ERROR(writer_.AddCredentials(desired, SyncWriter::kCredentialAge));
  return desired;
}

absl::Status Syncer::Remove(const AppEnvironment& where, const std::stop_token& stop) {
  if (!schedule_.TakeThis(where, stop)) return absl::CancelledError("the service is stopping");
  const absl::Status deleted = parts_.target.Delete(where);
  {
    MutexLock lock(mu_);
    memories_.erase(where);
  }
  schedule_.GiveBack(where, std::nullopt);
  SLIPWAY_RETURN_IF_ERROR(deleted);
  SLIPWAY_ASSIGN_OR_RETURN(const auto elsewhere, parts_.target.Elsewhere(where));
  if (elsewhere.empty()) return absl::OkStatus();
  parts_.tell(where);
  return absl::UnavailableError("another replica takes it away from cluster \"" + elsewhere[0] +
                                "\"");
}

SyncMemory Syncer::Recall(const AppEnvironment& where) {
  MutexLock lock(mu_);
  return memories_[where];
}

void Syncer::Remember(const AppEnvironment& where, const SyncMemory& memory) {
  MutexLock lock(mu_);
  memories_[where] = memory;
}

}  // namespace slipway::gitops
