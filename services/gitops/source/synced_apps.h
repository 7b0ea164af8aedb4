#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/events/event.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/source/source_renderer.h"
#include "services/gitops/source/source_repository.h"
#include "services/gitops/store/source_store.h"

namespace slipway::gitops {

// Apps that are only synced: follows the revision that each names, and makes a deployment when what
// stands at its path would render to something else; what happens elsewhere in the repository
// makes none. An environment that is held by a rollback gets none until somebody deploys again.
// Level-triggered, with one fetch for all apps of a repository. Owned by App; thread-safe.
class SyncedApps {
 public:
  struct Parts {
    db::Pool& pool;
    Lifecycle& lifecycle;
    PipelinePeer& pipeline;
    SourceRepository& repositories;
    SourceRenderer& renderer;
  };
  SyncedApps(Parts parts, absl::Duration fetch_interval)
      : parts_(parts),
        fetch_interval_(fetch_interval),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  // Looks at all repositories at once.
  void Wake() { loop_.Wake(); }

  // Keeps app.changed and environment.changed for the next pass.
  absl::Status OnEvent(db::Tx& tx, const events::Event& event);

  // What "deploy now" of an app that is only synced makes: its revision as it is on the host.
  absl::StatusOr<NewestSource> Newest(
      const AppEnvironment& where,
      const slipway::pipeline::v1::ResolveDeploymentResponse& resolved);

  // One pass: definitions that changed, then all repositories; how long until the next.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  absl::Status TakeChange(const sources::Change& change);
  absl::Status Refresh(const AppEnvironment& app);
  void Look(const std::vector<sources::SyncedApp>& apps, const std::stop_token& stop);
  absl::Status LookAt(sources::SyncedApp app, const git::Repository& repository);
  void NoteProblem(sources::SyncedApp app, const absl::Status& status);

  const Parts parts_;
  const absl::Duration fetch_interval_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
