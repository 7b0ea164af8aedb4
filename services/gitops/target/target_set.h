#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "libs/http/outgoing_guard.h"
#include "libs/telemetry/metrics.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/inspector.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/kubernetes_target.h"

namespace slipway::gitops {

// This machine and all clusters as one target: each app goes to the cluster of its environment, and
// leaves the one where it was before. Clusters are connected to when something needs them. Owned by
// App; thread-safe.
class TargetSet final : public Target, public Inspector {
 public:
  struct Parts {
    db::Pool& pool;
    Target& local;
    PipelinePeer& pipeline;
    const http::OutgoingGuard* guard = nullptr;
    telemetry::Metrics* metrics = nullptr;
    std::string installation = {};
    absl::Duration sweep_interval = absl::Minutes(10);
    Holdings* holdings = &Unshared();  // outlives it
  };
  explicit TargetSet(Parts parts) : parts_(std::move(parts)) {}

  absl::StatusOr<Applied> Apply(const DesiredState& desired) override;
  absl::StatusOr<Observation> Observe(const DesiredState& desired) override;
  absl::StatusOr<std::vector<AppEnvironment>> List() override;
  absl::Status Delete(const AppEnvironment& where) override;
  absl::Status Leave(const AppEnvironment& where, const std::set<std::string>& but) override;
  absl::StatusOr<std::vector<std::string>> Elsewhere(const AppEnvironment& where) override;
  absl::StatusOr<std::vector<AppEnvironment>> Strays() override;
  // To this machine's changes, too, if this process works on it, else by WatchLocal.
  void Subscribe(OnChange changed) override;
  void Unsubscribe() override;
  // After Subscribe: this process works on this machine from now on.
  void WatchLocal();

  absl::StatusOr<slipway::gitops::v1::ResourceTree> Tree(const DesiredState& desired) override;
  absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> Diff(
      const DesiredState& desired) override;
  absl::StatusOr<slipway::gitops::v1::CheckClusterResponse> Check(
      const std::string& cluster) override;

  // The definition of a cluster changed, or it is another process's now: what is known of it is
  // dropped when the calls under way have ended, and it is connected to anew.
  void Forget(const std::string& cluster);
  void ForgetAll();

 private:
  using ClusterTarget = std::shared_ptr<kubernetes::KubernetesTarget>;
  struct Connected {
    std::shared_ptr<const ClusterLease> lease;
    ClusterTarget target;
  };

  // The target of a cluster. FAILED_PRECONDITION: no such cluster; INVALID_ARGUMENT: its definition
  // is of no use; UNAVAILABLE, also for another process's.
  absl::StatusOr<ClusterTarget> Find(const std::string& cluster);
  // The same for looking only, which every process may.
  absl::StatusOr<ClusterTarget> FindToLook(const std::string& cluster);
  absl::StatusOr<ClusterTarget> Connect(const std::string& cluster,
                                        std::shared_ptr<const ClusterLease> lease);
  absl::Status DeleteFrom(const std::string& cluster, const AppEnvironment& where);

  const Parts parts_;
  Mutex telling_;  // held while somebody is told
  OnChange changed_ SLIPWAY_GUARDED_BY(telling_);
  Mutex mu_;
  std::map<std::string, Connected> clusters_ SLIPWAY_GUARDED_BY(mu_);
  int64_t forgotten_ SLIPWAY_GUARDED_BY(mu_) = 0;              // so many times one was
  std::set<AppEnvironment> on_local_ SLIPWAY_GUARDED_BY(mu_);  // at the last List
};

}  // namespace slipway::gitops
