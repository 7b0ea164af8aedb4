#include "services/build/engine/watchers.h"

#include <vector>

namespace slipway::build {

std::unique_ptr<Watchers::Subscription> Watchers::Watch(int64_t id, std::function<void()> wake) {
  MutexLock lock(mu_);
  const int64_t token = ++next_token_;
  watches_[id][token] = std::make_shared<std::function<void()>>(std::move(wake));
  return std::make_unique<Subscription>(*this, id, token);
}

void Watchers::Notify(int64_t id) {
  std::vector<std::shared_ptr<std::function<void()>>> wakes;
  {
    MutexLock lock(mu_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return;
    for (const auto& [token, wake] : it->second) wakes.push_back(wake);
  }
  for (const auto& wake : wakes) (*wake)();
}

void Watchers::Remove(int64_t id, int64_t token) {
  MutexLock lock(mu_);
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  it->second.erase(token);
  if (it->second.empty()) watches_.erase(it);
}

}  // namespace slipway::build
