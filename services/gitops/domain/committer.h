#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/telemetry/metrics.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/lifecycle.h"

namespace slipway::gitops {

// The repository in force now; empty: no active provider. Reads the database each time.
using ActiveRepository = std::function<absl::StatusOr<std::optional<RepositoryAccess>>()>;

// Makes a project's own repository before its first commit.
using PrepareRepository = std::function<absl::Status(const std::string& project)>;

// Brings deployments into Git: takes all that wait, makes one commit each and pushes them together.
// A deployment is marked before its commit is made, so that a process that comes after a crash
// looks in the branch first. Owned by App; thread-safe.
class Committer {
 public:
  // `metrics` may be null; without `prepare` no project has a repository of its own.
  Committer(db::Pool& pool, Lifecycle& lifecycle, DesiredRepository& repository,
            ActiveRepository active, telemetry::Metrics* metrics, PrepareRepository prepare = {})
      : pool_(pool),
        lifecycle_(lifecycle),
        repository_(repository),
        active_(std::move(active)),
        metrics_(metrics),
        prepare_(std::move(prepare)),
        loop_([this](const std::stop_token&) { return Pass(); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // One pass over what waits; how long until the next.
  absl::Duration Pass();

 private:
  // To one repository; whether all are done. `transient`: trying again later can help.
  bool CommitTo(const RepositoryAccess& access, std::vector<Deployment> waiting, bool& transient);
  absl::Status CommitAll(const RepositoryAccess& access, const std::vector<Deployment>& waiting);
  void Fail(const Deployment& deployment, const std::string& reason);
  void ExplainAll(const std::vector<Deployment>& waiting, const std::string& reason);

  db::Pool& pool_;
  Lifecycle& lifecycle_;
  DesiredRepository& repository_;
  const ActiveRepository active_;
  telemetry::Metrics* const metrics_;
  const PrepareRepository prepare_;
  int failures_ = 0;  // of the loop's thread
  WakeLoop loop_;
};

}  // namespace slipway::gitops
