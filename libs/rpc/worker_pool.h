#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "libs/base/mutex.h"

namespace slipway::rpc {

// A few threads that run short tasks in order of arrival. Tasks that are queued at the end are
// dropped. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool();
  void Run(std::function<void()> task);

 private:
  void Work(const std::stop_token& stop);

  Mutex mu_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> tasks_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::jthread> threads_;
};

}  // namespace slipway::rpc
