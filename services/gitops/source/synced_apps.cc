#include "services/gitops/source/synced_apps.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/forge/repository_url.h"
#include "libs/git/names.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/source/source_worker.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/project_repository_store.h"
#include "services/gitops/store/work_store.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {
namespace {

namespace pipeline_v1 = slipway::pipeline::v1;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr int kBatch = 200;                                // changes in a pass
constexpr size_t kTogether = 25;                           // apps in a transaction
constexpr size_t kParallel = 4;                            // definitions and repositories at once
constexpr absl::Duration kLeast = absl::Milliseconds(50);  // between two passes
constexpr size_t kShownCommit = 7;

// Calls `take` for each, several at once, until `stop`.
template <typename Item, typename Take>
void ForEach(const std::vector<Item>& items, const std::stop_token& stop, const Take& take) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < items.size() && !stop.stop_requested(); i = next++) take(items[i]);
  };
  std::vector<std::jthread> helpers;
  while (helpers.size() + 1 < std::min(items.size(), kParallel)) helpers.emplace_back(work);
  work();
}

sources::SyncedApp ToSynced(const AppEnvironment& where,
                            const pipeline_v1::ResolveDeploymentResponse& resolved) {
  const auto& environment = resolved.environment().spec();
  return {
      .where = where,
      .app_uid = resolved.app_uid(),
      .repository = resolved.repository(),
      .deploy = resolved.deploy(),
      .cluster = resolved.cluster().spec().has_kubernetes() ? environment.cluster() : kLocalCluster,
      .k8s_namespace =
          environment.namespace_().empty() ? where.environment : environment.namespace_()};
}

// Tells what is deployed from anything else: what is rendered, and what of it is left to others.
std::string WhatRuns(std::string render_key, const pipeline_v1::DeploySpec& deploy) {
  std::string rules;
  for (const auto& rule : deploy.ignore_differences()) rules += rule.SerializeAsString() + "\n";
  if (!rules.empty()) render_key += " ignoring " + Sha256Hex(rules);
  return render_key;
}

NewDeployment ToDeployment(const sources::SyncedApp& app, const std::string& commit,
                           const std::string& subject) {
  NewDeployment make{.where = app.where,
                     .app_uid = app.app_uid,
                     .deploy = app.deploy,
                     .cluster = app.cluster,
                     .k8s_namespace = app.k8s_namespace,
                     .repository = app.repository};
  // There is no image; what takes its place is the commit.
  make.image.app_uid = app.app_uid;
  make.image.project = app.where.project;
  make.image.app = app.where.app;
  make.image.commit = commit;
  make.image.ref = app.deploy.revision();
  make.image.subject = subject;
  make.deploy.set_revision(commit);
  return make;
}

}  // namespace

absl::Status SyncedApps::OnEvent(db::Tx& tx, const events::Event& event) {
  if (event.type != "app.changed" && event.type != "environment.changed") return absl::OkStatus();
  pipeline_v1::DefinitionChanged changed;
  if (!changed.ParseFromString(event.payload))
    return absl::InvalidArgumentError(event.type + " is not readable");
  AppEnvironment what;
  if (event.type == "app.changed") {
    SLIPWAY_ASSIGN_OR_RETURN(what, ParseAppName(changed.name(), "name"));
  } else {
    what.environment = changed.name().substr(changed.name().find('/') + 1);
  }
  SLIPWAY_RETURN_IF_ERROR(sources::AddChange(tx, what));
  tx.OnCommit([this] { Wake(); });
  return absl::OkStatus();
}

absl::Duration SyncedApps::Pass(const std::stop_token& stop) {
  const auto changes = db::RunRead(parts_.pool, "synced.changes", kTxTime,
                                   [](db::Tx& tx) { return sources::DueChanges(tx, kBatch); });
  if (!changes.ok()) return absl::Seconds(1);
  std::atomic<bool> late = false;
  ForEach(*changes, stop, [&](const sources::Change& change) {
    const absl::Status done = TakeChange(change);
    if (!done.ok()) late = true;
    db::RunTx(parts_.pool, "synced.change_done", kTxTime, [&](db::Tx& tx) {
      return done.ok() ? sources::FinishChange(tx, change.what)
                       : sources::PostponeChange(tx, change.what, BackOff(change.attempts));
    }).IgnoreError();
  });
  const auto all = db::RunRead(parts_.pool, "synced.read", kTxTime,
                               [](db::Tx& tx) { return sources::ListSynced(tx); });
  if (!all.ok()) return absl::Seconds(1);
  const absl::Duration next = Queue(*all);
  if (changes->size() == size_t{kBatch}) return absl::ZeroDuration();
  return std::max(std::min(next, late ? absl::Seconds(1) : fetch_interval_), kLeast);
}

void SyncedApps::NotePush(const std::string& url) {
  const std::string pushed = forge::NormaliseRepositoryUrl(url);
  if (pushed.empty()) return;
  {
    MutexLock lock(mu_);
    pushed_.insert(pushed);
  }
  loop_.Wake();
}

absl::Duration SyncedApps::Queue(const std::vector<sources::SyncedApp>& apps) {
  std::map<Place, bool> found;  // whether it has an app that was never looked at
  for (const sources::SyncedApp& app : apps)
    found[{app.repository.url(), app.repository.account()}] |=
        app.commit.empty() && app.problem.empty();
  const absl::Time now = absl::Now();
  absl::Duration next = fetch_interval_;
  {
    MutexLock lock(mu_);
    const std::set<std::string> pushed = std::exchange(pushed_, {});
    std::erase_if(places_, [&](const auto& entry) {
      return !found.contains(entry.first) && !entry.second.busy && !entry.second.queued;
    });
    for (const auto& [place, has_new] : found) {
      PlaceState& state = places_[place];
      const bool is_pushed = pushed.contains(forge::NormaliseRepositoryUrl(place.first));
      const bool due = !state.busy && now - state.looked >= fetch_interval_;
      if (!state.busy && !state.queued && !due)
        next = std::min(next, state.looked + fetch_interval_ - now);
      if (!is_pushed && !due && !has_new) continue;
      state.all |= is_pushed || due;
      if (state.busy) {
        state.again = true;
      } else if (!std::exchange(state.queued, true)) {
        // What somebody waits for comes before what is only looked at in its turn.
        queue_.insert(is_pushed || has_new ? queue_.begin() : queue_.end(), place);
      }
    }
  }
  queued_.notify_all();
  return next;
}

absl::StatusOr<SyncedApps::Group> SyncedApps::AppsOf(const Place& place, bool all) {
  SLIPWAY_ASSIGN_OR_RETURN(Group apps,
                           db::RunRead(parts_.pool, "synced.of_repository", kTxTime,
                                       [](db::Tx& tx) { return sources::ListSynced(tx); }));
  std::erase_if(apps, [&](const sources::SyncedApp& app) {
    const bool here = Place{app.repository.url(), app.repository.account()} == place;
    return !here || (!all && (!app.commit.empty() || !app.problem.empty()));
  });
  return apps;
}

bool SyncedApps::LookAtNext(const std::stop_token& stop) {
  Place place;
  bool all;
  {
    MutexLock lock(mu_);
    if (queue_.empty()) return false;
    place = queue_.front();
    queue_.pop_front();
    PlaceState& state = places_[place];
    state.queued = false;
    state.busy = true;
    all = std::exchange(state.all, false);
    if (all) state.looked = absl::Now();
  }
  // Read now, when nobody else looks at them.
  const absl::StatusOr<Group> apps = AppsOf(place, all);
  if (apps.ok() && !apps->empty()) Look(*apps, stop);
  bool again;
  {
    MutexLock lock(mu_);
    PlaceState& state = places_[place];
    state.busy = false;
    // Without the database it comes again in its turn.
    if (!apps.ok()) state.looked = absl::Now() - fetch_interval_ + absl::Seconds(1);
    again = std::exchange(state.again, false);
    if (again) {
      state.queued = true;
      queue_.push_front(place);
    }
  }
  if (again) queued_.notify_all();
  return true;
}

void SyncedApps::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (LookAtNext(stop)) continue;
    std::unique_lock lock(mu_);
    queued_.wait(lock, stop, [this] { return !queue_.empty(); });
  }
}

void SyncedApps::Start() {
  for (size_t i = 0; i < kParallel; ++i)
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  loop_.Start();
}

void SyncedApps::Stop() {
  loop_.Stop();
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
}

absl::Status SyncedApps::TakeChange(const sources::Change& change) {
  if (!change.what.app.empty()) return Refresh(change.what);
  SLIPWAY_ASSIGN_OR_RETURN(const auto all,
                           db::RunRead(parts_.pool, "synced.of_environment", kTxTime,
                                       [](db::Tx& tx) { return sources::ListSynced(tx); }));
  for (const sources::SyncedApp& app : all) {
    if (app.where.environment == change.what.environment)
      SLIPWAY_RETURN_IF_ERROR(Refresh({app.where.project, app.where.app, ""}));
  }
  return absl::OkStatus();
}

absl::Status SyncedApps::Refresh(const AppEnvironment& name) {
  const absl::StatusOr<pipeline_v1::App> app = parts_.pipeline.GetApp(name.AppName());
  if (!app.ok() && !absl::IsNotFound(app.status())) return app.status();
  std::vector<sources::SyncedApp> wanted;
  std::vector<std::string> keep;
  std::optional<std::string> own_repository;  // of the project
  if (app.ok() && app->status().state() != pipeline_v1::DELETING) {
    for (const pipeline_v1::SyncTarget& target : app->spec().environments()) {
      const AppEnvironment where{name.project, name.app, target.environment()};
      const auto resolved = parts_.pipeline.ResolveDeployment(where);
      if (absl::IsNotFound(resolved.status())) continue;
      SLIPWAY_RETURN_IF_ERROR(resolved.status());
      if (!resolved->synced()) continue;
      wanted.push_back(ToSynced(where, *resolved));
      keep.push_back(target.environment());
      own_repository = resolved->gitops_repository();
    }
  }
  return db::RunTx(parts_.pool, "synced.refresh", kTxTime, [&](db::Tx& tx) -> absl::Status {
    for (const sources::SyncedApp& one : wanted)
      SLIPWAY_RETURN_IF_ERROR(sources::PutSynced(tx, one));
    if (own_repository)
      SLIPWAY_RETURN_IF_ERROR(project_repositories::Set(tx, name.project, *own_repository));
    SLIPWAY_ASSIGN_OR_RETURN(const auto gone, sources::ForgetSynced(tx, name, keep));
    for (const AppEnvironment& where : gone) {
      SLIPWAY_RETURN_IF_ERROR(journal::Append(
          tx, {.subject = where.Name(),
               .kind = "environment",
               .event = "environment.not_synced",
               .verdict = journal::Verdict::kSkipped,
               .message = "spec.environments of the app does not name it any more: it is not "
                          "followed, and what runs there stays",
               .project = where.project,
               .app = where.app}));
    }
    return absl::OkStatus();
  });
}

void SyncedApps::Look(const Group& group, const std::stop_token& stop) {
  absl::StatusOr<std::shared_ptr<git::Mirror>> mirror =
      parts_.repositories.MirrorOf(group.front().repository);
  absl::Status fetched = mirror.status();
  if (fetched.ok()) fetched = (*mirror)->Fetch();
  std::optional<absl::StatusOr<std::string>> default_branch;  // asked for once, if an app needs it
  std::map<std::string, std::string> commits;                 // by revision
  std::vector<Found> found;
  for (sources::SyncedApp app : group) {
    if (stop.stop_requested()) return;
    absl::Status done = fetched;
    if (done.ok() && app.deploy.revision().empty()) {
      if (!default_branch) default_branch = (*mirror)->DefaultBranch();
      done = default_branch->status();
      if (done.ok()) app.deploy.set_revision(**default_branch);
    }
    if (done.ok() && git::IsSha(app.deploy.revision()))
      done = (*mirror)->EnsureCommit(app.deploy.revision());
    if (done.ok()) {
      done = (*mirror)->Read([&](const git::Repository& repository) -> absl::Status {
        std::string& commit = commits[app.deploy.revision()];
        if (commit.empty()) {
          SLIPWAY_ASSIGN_OR_RETURN(commit, repository.Resolve(app.deploy.revision()));
        }
        SLIPWAY_ASSIGN_OR_RETURN(auto one, LookAt(app, commit, repository));
        if (one) found.push_back(*std::move(one));
        return absl::OkStatus();
      });
    }
    if (!done.ok()) NoteProblem(app, done);
    if (found.size() >= kTogether) TakeAll(std::exchange(found, {}));
  }
  TakeAll(found);
}

absl::StatusOr<std::optional<SyncedApps::Found>> SyncedApps::LookAt(
    sources::SyncedApp app, const std::string& commit, const git::Repository& repository) {
  if (commit == app.commit && app.problem.empty()) return std::nullopt;
  const auto key = parts_.renderer.Key(repository, commit,
                                       RequestOf(app.where, app.k8s_namespace, "", app.deploy));
  // A mistake in the source becomes a deployment that says so, once.
  const bool mistake = absl::IsInvalidArgument(key.status()) || absl::IsNotFound(key.status()) ||
                       absl::IsResourceExhausted(key.status()) ||
                       absl::IsFailedPrecondition(key.status());
  if (!key.ok() && !mistake) return key.status();
  SLIPWAY_ASSIGN_OR_RETURN(const git::Commit about, repository.GetCommit(commit));
  Found found{.before = app.commit,
              .key = key.ok() ? WhatRuns(*key, app.deploy)
                              : "mistake:" + Sha256Hex(MessageOf(key.status())),
              .subject = about.Subject()};
  app.commit = commit;
  app.problem.clear();
  found.app = std::move(app);
  return found;
}

void SyncedApps::TakeAll(const std::vector<Found>& found) {
  if (found.empty()) return;
  const absl::Status together =
      db::RunTx(parts_.pool, "synced.look", kTxTime, [&](db::Tx& tx) -> absl::Status {
        for (const Found& one : found) SLIPWAY_RETURN_IF_ERROR(Take(tx, one));
        return absl::OkStatus();
      });
  if (together.ok()) return;
  for (const Found& one : found) {
    const absl::Status alone =
        db::RunTx(parts_.pool, "synced.look", kTxTime, [&](db::Tx& tx) { return Take(tx, one); });
    if (!alone.ok()) NoteProblem(one.app, alone);
  }
}

absl::Status SyncedApps::Take(db::Tx& tx, Found found) {
  sources::SyncedApp& app = found.app;
  const std::string& commit = app.commit;
  if (found.key == app.render_key) {
    app.held_commit.clear();
    return sources::SetSeen(tx, app);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const bool going, work::IsBeingRemoved(tx, app.where, app.app_uid));
  if (going) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto environment, environments::Get(tx, app.where));
  if (environment && environment->app_uid == app.app_uid && environment->pinned_by > 0) {
    if (app.held_commit == commit) return absl::OkStatus();
    app.held_commit = commit;
    SLIPWAY_RETURN_IF_ERROR(sources::SetSeen(tx, app));
    return journal::Append(
        tx, {.subject = app.where.Name(),
             .kind = "environment",
             .event = "sync.held",
             .verdict = journal::Verdict::kSkipped,
             .message = "commit " + commit.substr(0, kShownCommit) +
                        " is not deployed: deployment " + std::to_string(environment->pinned_by) +
                        " rolled back and holds the environment until somebody deploys",
             .values = {{"commit", commit}},
             .project = app.where.project,
             .app = app.where.app});
  }
  NewDeployment make = ToDeployment(app, commit, found.subject);
  make.actor = "automatic";
  make.why = app.deploy.revision() + " is at " + commit.substr(0, kShownCommit) + ", where " +
             app.deploy.path() + " is another one than deployed";
  make.rule = "revision";
  make.values = {{"commit", commit}, {"before", found.before}};
  app.render_key = found.key;
  app.held_commit.clear();
  SLIPWAY_RETURN_IF_ERROR(sources::SetSeen(tx, app));
  return parts_.lifecycle.Create(tx, make).status();
}

void SyncedApps::NoteProblem(sources::SyncedApp app, const absl::Status& status) {
  const std::string problem = MessageOf(status);
  if (problem == app.problem) return;
  log::Warn("synced.look_failed", "the repository of a synced app was not read",
            {{"environment", app.where.Name()}, {"error", problem}});
  app.problem = problem;
  db::RunTx(parts_.pool, "synced.problem", kTxTime, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(sources::SetSeen(tx, app));
    return journal::Append(tx, {.subject = app.where.Name(),
                                .kind = "environment",
                                .event = "sync.source_unread",
                                .verdict = journal::Verdict::kFailed,
                                .message = problem + "; what runs stays",
                                .project = app.where.project,
                                .app = app.where.app});
  }).IgnoreError();
}

absl::StatusOr<NewestSource> SyncedApps::Newest(
    const AppEnvironment& where, const pipeline_v1::ResolveDeploymentResponse& resolved) {
  sources::SyncedApp app = ToSynced(where, resolved);
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, parts_.repositories.MirrorOf(app.repository));
  if (app.deploy.revision().empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(*app.deploy.mutable_revision(), mirror->DefaultBranch());
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string commit, ResolveNow(*mirror, app.deploy.revision()));
  const SourceRequest request = RequestOf(where, app.k8s_namespace, "", app.deploy);
  return mirror->Read([&](const git::Repository& repository) -> absl::StatusOr<NewestSource> {
    SLIPWAY_ASSIGN_OR_RETURN(const git::Commit about, repository.GetCommit(commit));
    SLIPWAY_ASSIGN_OR_RETURN(std::string key, parts_.renderer.Key(repository, commit, request));
    return NewestSource{ToDeployment(app, commit, about.Subject()),
                        WhatRuns(std::move(key), app.deploy)};
  });
}

}  // namespace slipway::gitops
