#pragma once

#include <condition_variable>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace slipway {

// A background thread that runs one pass whenever it is woken, and at the latest when the last pass
// asked for it. The passes read their work from the database, so a wake that gets lost is only
// late. Thread-safe; Start and Stop once each.
class WakeLoop {
 public:
  // `pass` returns how long to wait for the next one at most.
  using Pass = std::function<absl::Duration(const std::stop_token& stop)>;

  explicit WakeLoop(Pass pass) : pass_(std::move(pass)) {}
  ~WakeLoop() { Stop(); }

  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  // Ends after the pass under way.
  void Stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }
  void Wake() {
    {
      MutexLock lock(mu_);
      woken_ = true;
    }
    wake_.notify_all();
  }

 private:
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const absl::Duration pause = pass_(stop);
      std::unique_lock lock(mu_);
      wake_.wait_for(lock, stop, absl::ToChronoMilliseconds(pause), [this] { return woken_; });
      woken_ = false;
    }
  }

  const Pass pass_;
  Mutex mu_;
  std::condition_variable_any wake_;
  bool woken_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::jthread thread_;
};

}  // namespace slipway
