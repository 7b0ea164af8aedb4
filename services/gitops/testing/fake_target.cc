#include "services/gitops/testing/fake_target.h"

#include "libs/base/status.h"
#include "services/gitops/domain/limits_check.h"

namespace slipway::gitops {

absl::StatusOr<Applied> FakeTarget::Apply(const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(CheckLimitsOfManifests(desired));
  MutexLock lock(mu_);
  Calls& calls = calls_[desired.where];
  ++calls.applies;
  calls.last = desired;
  running_[desired.where] = desired.tree;
  return Applied{.changed = true};
}

absl::StatusOr<Observation> FakeTarget::Observe(const DesiredState& desired) {
  MutexLock lock(mu_);
  ++calls_[desired.where].observations;
  Observation seen{.health = Health::DeploymentStatus_Health_RUNNING, .watched = true};
  if (running_[desired.where] != desired.tree) seen.drift.push_back("it does not run");
  return seen;
}

absl::StatusOr<std::vector<AppEnvironment>> FakeTarget::List() {
  MutexLock lock(mu_);
  std::vector<AppEnvironment> all;
  for (const auto& [where, tree] : running_) all.push_back(where);
  return all;
}

absl::Status FakeTarget::Delete(const AppEnvironment& where) {
  MutexLock lock(mu_);
  ++calls_[where].deletes;
  running_.erase(where);
  return absl::OkStatus();
}

void FakeTarget::Subscribe(OnChange) {}
void FakeTarget::Unsubscribe() {}

FakeTarget::Calls FakeTarget::Of(const AppEnvironment& where) const {
  MutexLock lock(mu_);
  const auto found = calls_.find(where);
  return found == calls_.end() ? Calls{} : found->second;
}

}  // namespace slipway::gitops
