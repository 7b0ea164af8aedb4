#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/sync_policies.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// What people say about syncing an app in an environment: suspend, resume, sync now, and how it
// stands. Owned by App; thread-safe.
class SyncControls {
 public:
  struct Parts {
    Clock& clock;
    db::Pool& pool;
    Lifecycle& lifecycle;
    PipelinePeer& pipeline;
    SyncPolicies& policies;
  };
  explicit SyncControls(Parts parts) : parts_(parts) {}
  // Called after something changed; once, before use.
  void OnChanged(std::function<void(const AppEnvironment&)> changed) {
    changed_ = std::move(changed);
  }

  absl::StatusOr<slipway::gitops::v1::SyncStatus> Get(const std::string& name);
  // Suspending twice keeps the first one's name; resuming what is not suspended is fine.
  absl::StatusOr<slipway::gitops::v1::SyncStatus> Suspend(const std::string& name,
                                                          const Caller& caller);
  absl::StatusOr<slipway::gitops::v1::SyncStatus> Resume(const std::string& name,
                                                         const Caller& caller);
  // FAILED_PRECONDITION SYNC_SUSPENDED, SYNC_WINDOW_CLOSED.
  // With `prune`, what it deletes is confirmed.
  absl::StatusOr<slipway::gitops::v1::SyncStatus> Sync(const std::string& name,
                                                       const Caller& caller, bool prune = false);

 private:
  // Changes the row of an app that is deployed there, with its record, and reads it anew.
  using Change =
      std::function<absl::StatusOr<std::string>(db::Tx& tx, const EnvironmentState& before)>;
  absl::StatusOr<slipway::gitops::v1::SyncStatus> Write(const AppEnvironment& where,
                                                        const char* event, const Caller& caller,
                                                        const Change& change);

  const Parts parts_;
  std::function<void(const AppEnvironment&)> changed_;
};

}  // namespace slipway::gitops
