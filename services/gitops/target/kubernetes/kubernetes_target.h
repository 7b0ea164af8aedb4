#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/applier.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/deletion_hooks.h"
#include "services/gitops/target/kubernetes/explainer.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/pruner.h"
#include "services/gitops/target/kubernetes/sweeper.h"
#include "services/gitops/target/kubernetes/verifier.h"

namespace slipway::gitops::kubernetes {

// Apps on one Kubernetes cluster, by server-side apply, an inventory in the database, and watches.
// No call waits for an object: what has to be waited for is said, and `changed` tells when to call
// again. Owned by TargetSet; thread-safe, but one caller at a time for each app.
class KubernetesTarget {
 public:
  struct Options {
    std::string cluster = {};       // its id
    std::string installation = {};  // sets our objects apart from another Slipway's
    kube::ClusterAccess access = {};
    kube::HealthOptions health = {};
    absl::Duration sweep_interval = absl::Minutes(10);  // of what the watches don't show
    const http::OutgoingGuard* guard = nullptr;  // outlives it
    telemetry::Metrics* metrics = nullptr;       // outlives it
    // Nothing is written once it is over. Null: another replica's cluster is looked at, which
    // follows nothing and writes nothing.
    std::shared_ptr<const ClusterLease> lease = std::make_shared<ClusterLease>();
    // Called on any thread when an app's objects changed; must not block.
    std::function<void(const AppEnvironment& owner)> changed = {};
  };
  // Connects to nothing yet. INVALID_ARGUMENT: the access is not usable.
  static absl::StatusOr<std::unique_ptr<KubernetesTarget>> Create(db::Pool& pool, Options options);

  // As Target has them.
  absl::StatusOr<Applied> Apply(const DesiredState& desired);
  absl::StatusOr<Observation> Observe(const DesiredState& desired);
  absl::Status Delete(const AppEnvironment& where);
  // As Inspector has them.
  absl::StatusOr<slipway::gitops::v1::ResourceTree> Tree(const DesiredState& desired);
  absl::StatusOr<slipway::gitops::v1::DiffDeploymentResponse> Diff(const DesiredState& desired);

 private:
  KubernetesTarget(db::Pool& pool, Options options, std::unique_ptr<Cluster> cluster);

  // Reads the inventory and follows what is in it; once.
  absl::Status EnsureOpen();
  // Gets ready to look at an app: as EnsureOpen, or, without a lease, by asking for its objects.
  absl::Status OpenFor(const DesiredState& desired);
  // The plan of the desired state; made anew when that is another one.
  absl::StatusOr<std::shared_ptr<const kubernetes::Plan>> PlanOf(const DesiredState& desired);

  const Options options_;
  const std::shared_ptr<const ClusterLease> lease_;  // one that is over, where there is none
  const std::string manager_;
  const std::unique_ptr<Cluster> cluster_;
  Inventory inventory_;
  HookRunner hooks_;
  DeletionHooks deletion_hooks_;
  Applier applier_;
  Pruner pruner_;
  Explainer explainer_;
  Verifier verifier_;
  Sweeper sweeper_;
  Mutex opening_;
  bool open_ SLIPWAY_GUARDED_BY(opening_) = false;
  struct Kept {
    std::string key;
    std::shared_ptr<const kubernetes::Plan> plan;
  };
  Mutex mu_;
  std::map<AppEnvironment, Kept> plans_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops::kubernetes
