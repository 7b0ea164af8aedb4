#include "services/gitops/domain/sync_policies.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/cron/window.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/store/sync_store.h"

namespace slipway::gitops {
namespace {

namespace pl = slipway::pipeline::v1;

constexpr absl::Duration kTxTime = absl::Seconds(10);
// Changes are told by events; this is for replicas that don't get them.
constexpr absl::Duration kFresh = absl::Seconds(15);
// While pipeline is away it is asked so often.
constexpr absl::Duration kAskAgain = absl::Seconds(2);

template <typename List>
std::vector<std::string> ToVector(const List& list) {
  return {list.begin(), list.end()};
}

sync::SyncWindow ToWindow(const pl::SyncWindow& from) {
  sync::SyncWindow window;
  window.name = from.name();
  window.kind = from.kind() == pl::SyncWindow::ALLOW ? sync::SyncWindow::Kind::kAllow
                                                     : sync::SyncWindow::Kind::kDeny;
  window.schedule = from.schedule();
  // One that can't be read stays at zero, which no window may have, so it forbids.
  window.duration = ParseWindowDuration(from.duration()).value_or(absl::ZeroDuration());
  window.time_zone = from.time_zone();
  window.manual_sync = from.manual_sync();
  window.sync_overrun = from.sync_overrun();
  window.apps = ToVector(from.apps());
  window.environments = ToVector(from.environments());
  window.namespaces = ToVector(from.namespaces());
  window.clusters = ToVector(from.clusters());
  window.match_all = from.use_and_operator();
  return window;
}

template <typename List>
std::vector<sync::KindPattern> ToPatterns(const List& list) {
  std::vector<sync::KindPattern> patterns;
  for (const auto& kind : list) patterns.push_back({kind.group(), kind.kind()});
  return patterns;
}

sync::ProjectLimits ToLimits(const pl::ProjectLimits& from) {
  sync::ProjectLimits limits;
  limits.source_repos = ToVector(from.source_repos());
  for (const auto& destination : from.destinations()) {
    limits.destinations.push_back({destination.cluster(), destination.namespace_()});
  }
  limits.cluster_whitelist = ToPatterns(from.cluster_resource_whitelist());
  limits.cluster_blacklist = ToPatterns(from.cluster_resource_blacklist());
  limits.namespace_whitelist = ToPatterns(from.namespace_resource_whitelist());
  limits.namespace_blacklist = ToPatterns(from.namespace_resource_blacklist());
  limits.impersonate = from.impersonate();
  return limits;
}

}  // namespace

absl::StatusOr<SyncPolicy> SyncPolicies::For(const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string project_spec, Spec("projects/" + where.project));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string environment_spec,
                           Spec("environments/" + where.environment));
  pl::ProjectSpec project;
  pl::EnvironmentSpec environment;
  if (!project.ParseFromString(project_spec) || !environment.ParseFromString(environment_spec)) {
    return absl::DataLossError("the definition of the project or environment is not readable");
  }
  SyncPolicy policy;
  std::vector<sync::SyncWindow> windows;
  for (const pl::SyncWindow& window : project.sync_windows()) windows.push_back(ToWindow(window));
  policy.windows = sync::WindowsOf(
      windows,
      {.app = where.app,
       .environment = where.environment,
       .ns = environment.namespace_().empty() ? where.environment : environment.namespace_(),
       .cluster = environment.cluster()});
  policy.self_heal = !environment.has_self_heal() || environment.self_heal();
  if (project.has_limits()) policy.limits = ToLimits(project.limits());
  return policy;
}

void SyncPolicies::Forget(const std::string& name) {
  MutexLock lock(mu_);
  ++forgotten_;
  const auto found = entries_.find(name);
  // What it was is still good for while pipeline is away.
  if (found != entries_.end()) found->second.read = absl::InfinitePast();
}

absl::StatusOr<std::string> SyncPolicies::Spec(const std::string& name) {
  const absl::Time now = clock_.Now();
  std::optional<Entry> known;
  uint64_t forgotten = 0;
  {
    MutexLock lock(mu_);
    forgotten = forgotten_;
    const auto found = entries_.find(name);
    if (found != entries_.end()) known = found->second;
  }
  if (known && now - known->read < kFresh) return known->spec;
  const auto asked = Ask(name);
  Entry entry{.spec = asked.value_or(""), .read = now};
  if (!asked.ok()) {
    log::Warn("sync.policy_unknown", "pipeline did not give a definition; the one before counts",
              {{"name", name}, {"error", MessageOf(asked.status())}});
    if (known) {
      entry.spec = known->spec;
    } else {
      SLIPWAY_ASSIGN_OR_RETURN(const auto stored,
                               db::RunRead(pool_, "sync.definition", kTxTime, [&](db::Tx& tx) {
                                 return syncs::GetDefinition(tx, name);
                               }));
      if (!stored) return asked.status();
      entry.spec = *stored;
    }
    entry.read = now - kFresh + kAskAgain;
  } else if (!known || known->spec != entry.spec) {
    db::RunTx(pool_, "sync.keep_definition", kTxTime, [&](db::Tx& tx) {
      return syncs::SetDefinition(tx, name, entry.spec);
    }).IgnoreError();
  }
  MutexLock lock(mu_);
  // It may have been read just before what somebody told meanwhile.
  if (forgotten != forgotten_) entry.read = absl::InfinitePast();
  entries_[name] = entry;
  return entry.spec;
}

absl::StatusOr<std::string> SyncPolicies::Ask(const std::string& name) {
  const std::string id = name.substr(name.find('/') + 1);
  absl::StatusOr<std::string> spec;
  if (name.starts_with("projects/")) {
    const auto project = pipeline_.GetProject(id);
    spec = project.ok() ? absl::StatusOr<std::string>(project->SerializeAsString())
                        : absl::StatusOr<std::string>(project.status());
  } else {
    const auto environment = pipeline_.GetEnvironment(id);
    spec = environment.ok() ? absl::StatusOr<std::string>(environment->SerializeAsString())
                            : absl::StatusOr<std::string>(environment.status());
  }
  // What is gone limits nothing any more; what ran there is being taken away.
  if (absl::IsNotFound(spec.status())) return std::string();
  return spec;
}

}  // namespace slipway::gitops
