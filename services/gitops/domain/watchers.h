#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "libs/base/mutex.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops {

// Who follows which environment's deployments in this process. Called after commits; a watcher
// reads the database itself. Owned by App; thread-safe.
class Watchers {
 public:
  // `wake` must not block; it may be called once more while Remove runs.
  int64_t Add(const AppEnvironment& where, std::function<void()> wake) {
    MutexLock lock(mu_);
    watchers_.emplace(++last_, std::pair(where, std::move(wake)));
    return last_;
  }
  void Remove(int64_t id) {
    MutexLock lock(mu_);
    watchers_.erase(id);
  }
  void Changed(const AppEnvironment& where) {
    std::map<int64_t, std::pair<AppEnvironment, std::function<void()>>> copy;
    {
      MutexLock lock(mu_);
      copy = watchers_;
    }
    for (const auto& [id, watcher] : copy) {
      if (watcher.first == where) watcher.second();
    }
  }

 private:
  Mutex mu_;
  std::map<int64_t, std::pair<AppEnvironment, std::function<void()>>> watchers_
      SLIPWAY_GUARDED_BY(mu_);
  int64_t last_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::gitops
