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
    for (const auto& [id, watcher] : Copy()) {
      if (watcher.first == where) watcher.second();
    }
  }
  // It is not known what changed.
  void AllChanged() {
    for (const auto& [id, watcher] : Copy()) watcher.second();
  }

 private:
  using Entries = std::map<int64_t, std::pair<AppEnvironment, std::function<void()>>>;
  Entries Copy() {
    MutexLock lock(mu_);
    return watchers_;
  }

  Mutex mu_;
  Entries watchers_ SLIPWAY_GUARDED_BY(mu_);
  int64_t last_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::gitops
