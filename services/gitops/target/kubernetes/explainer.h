#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// Why a workload is not healthy, as its pods say it: they are not watched, but listed once in a
// while as long as somebody asks. Owned by KubernetesTarget, beside its Cluster; thread-safe.
class Explainer {
 public:
  explicit Explainer(Cluster& cluster) : cluster_(cluster), state_(std::make_shared<State>()) {}

  struct Explanation {
    std::string text = {};  // "image pull back-off"; empty: nothing is known, or to be said
    // When to ask again; a change that is found before is told as one of the owner's objects.
    absl::Duration again = absl::InfiniteDuration();
  };
  // Never waits: what is said is from an earlier list.
  Explanation Explain(const AppEnvironment& owner, const PlannedObject& planned);
  // Nothing of the app is to be explained any more.
  void Settle(const AppEnvironment& owner);

 private:
  struct Known {
    kube::ObjectId id = {};
    std::string text = {};
    absl::Time next = absl::InfinitePast();
    absl::Duration pause = absl::ZeroDuration();
    bool asking = false;
  };
  struct State {
    Mutex mu;
    std::map<AppEnvironment, Known> known SLIPWAY_GUARDED_BY(mu);
  };

  Cluster& cluster_;
  const std::shared_ptr<State> state_;
};

// The label selector of a workload's pods; empty: it has none. Pure.
std::string PodSelectorOf(const PlannedObject& planned);

// What the pods of a list (its JSON) say is wrong: the newest that has something to say. Pure.
std::string ProblemOf(std::string_view pods);

}  // namespace slipway::gitops::kubernetes
