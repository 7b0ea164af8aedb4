#pragma once

#include <map>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Reads what is watched by its metadata only, which is Secrets: a value that was changed while our
// entry in managedFields shows nothing of it. Each app once in an interval, at times that are
// spread evenly, and never at once after a start. Owned by KubernetesTarget; thread-safe, but one
// caller at a time for each app.
class Sweeper {
 public:
  // All outlive it.
  Sweeper(Cluster& cluster, const Inventory& inventory, absl::Duration interval)
      : cluster_(cluster), inventory_(inventory), interval_(interval) {}

  // Reads the app's objects if it is their time, and notes what they show; how long until the next
  // time. What the server does not answer within a second is read the next time.
  absl::Duration Sweep(const AppEnvironment& where, const Plan& plan);
  // The app is gone.
  void Forget(const AppEnvironment& where);

 private:
  Cluster& cluster_;
  const Inventory& inventory_;
  const absl::Duration interval_;
  Mutex mu_;
  std::map<AppEnvironment, absl::Time> due_ SLIPWAY_GUARDED_BY(mu_);
};

// When an app is swept first, counted from a start: its share of the interval, by its name. Pure.
absl::Duration SweepOffset(const AppEnvironment& where, absl::Duration interval);

}  // namespace slipway::gitops::kubernetes
