#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/inventory.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Looks closer at objects of which fields are left to others, when something of ours seems to have
// changed: the server is asked by a dry run. Where an apply would change nothing, what is there
// becomes what was applied, so that the next change of the same field is not even looked at. Owned
// by KubernetesTarget; thread-safe, but one caller at a time for each app.
class Verifier {
 public:
  // All outlive it.
  Verifier(Cluster& cluster, Inventory& inventory, std::string manager)
      : cluster_(cluster), inventory_(inventory), manager_(std::move(manager)) {}

  // No call where nothing seems to have changed, or where it was looked at before. What the server
  // does not answer within a second stays as it seems.
  absl::Status Settle(const DesiredState& desired, const Plan& plan);
  // The app is gone.
  void Forget(const AppEnvironment& where);

 private:
  Cluster& cluster_;
  Inventory& inventory_;
  const std::string manager_;
  Mutex mu_;
  // What was looked at and is drift, as it was seen then.
  std::map<AppEnvironment, std::map<kube::ObjectId, kube::Observation>> drifted_
      SLIPWAY_GUARDED_BY(mu_);
};

// Whether an apply that led from one state of an object to the other changed nothing of it, and
// gave the manager no field that it did not have. Pure.
bool ChangesNothing(const kube::Object& before, const kube::Object& after,
                    std::string_view manager);

}  // namespace slipway::gitops::kubernetes
