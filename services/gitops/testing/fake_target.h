#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops {

// A target that takes everything at once and is healthy, and keeps count of what was asked of it.
// For tests; thread-safe.
class FakeTarget final : public Target {
 public:
  absl::StatusOr<Applied> Apply(const DesiredState& desired) override;
  absl::StatusOr<Observation> Observe(const DesiredState& desired) override;
  absl::StatusOr<std::vector<AppEnvironment>> List() override;
  absl::Status Delete(const AppEnvironment& where) override;
  void Subscribe(OnChange changed) override;
  void Unsubscribe() override;

  // Calls about an app so far.
  struct Calls {
    int applies = 0;
    int observations = 0;
    int deletes = 0;
    DesiredState last = {};  // that was applied
  };
  Calls Of(const AppEnvironment& where) const;

 private:
  mutable Mutex mu_;
  std::map<AppEnvironment, Calls> calls_ SLIPWAY_GUARDED_BY(mu_);
  std::map<AppEnvironment, std::string> running_ SLIPWAY_GUARDED_BY(mu_);  // tree by app
};

}  // namespace slipway::gitops
