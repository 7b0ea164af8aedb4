#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "libs/base/mutex.h"

namespace slipway::build {

// Wakes those in this process who wait for news of something with a numeric id (a run, the log of a
// job). It only wakes: what is new, they read themselves. Owned by App; thread-safe.
class Watchers {
 public:
  // Ends the watch when it goes. Must go before the Watchers.
  class Subscription {
   public:
    Subscription(Watchers& owner, int64_t id, int64_t token)
        : owner_(&owner), id_(id), token_(token) {}
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription() { owner_->Remove(id_, token_); }

   private:
    Watchers* owner_;
    int64_t id_;
    int64_t token_;
  };

  // `wake` is called from any thread, must be quick, and may be called once more while the
  // subscription goes.
  [[nodiscard]] std::unique_ptr<Subscription> Watch(int64_t id, std::function<void()> wake);
  void Notify(int64_t id);

 private:
  void Remove(int64_t id, int64_t token);

  Mutex mu_;
  int64_t next_token_ SLIPWAY_GUARDED_BY(mu_) = 0;
  std::map<int64_t, std::map<int64_t, std::shared_ptr<std::function<void()>>>> watches_
      SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::build
