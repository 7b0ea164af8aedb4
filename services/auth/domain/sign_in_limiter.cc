#include "services/auth/domain/sign_in_limiter.h"

namespace slipway::auth {
namespace {

constexpr int kMostFailures = 10;
constexpr size_t kMostUsers = 10'000;
constexpr absl::Duration kWindow = absl::Minutes(1);

}  // namespace

bool SignInLimiter::Allowed(const std::string& user) {
  MutexLock lock(mu_);
  const auto found = counts_.find(user);
  if (found == counts_.end()) return true;
  if (clock_.Now() - found->second.since >= kWindow) {
    counts_.erase(found);
    return true;
  }
  return found->second.failures < kMostFailures;
}

void SignInLimiter::Failed(const std::string& user) {
  MutexLock lock(mu_);
  if (counts_.size() >= kMostUsers) counts_.clear();
  Count& count = counts_.try_emplace(user, Count{0, clock_.Now()}).first->second;
  ++count.failures;
}

void SignInLimiter::Succeeded(const std::string& user) {
  MutexLock lock(mu_);
  counts_.erase(user);
}

}  // namespace slipway::auth
