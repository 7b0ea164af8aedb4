#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"

namespace slipway::kube {

// The thread of one Client: it drives libcurl's multi handle by epoll (curl_multi_socket_action:
// only what has something to do is looked at), runs posted tasks and timers. Owned by Client. Post,
// After and CancelTimer may be called from any thread; all else from the loop's thread.
class Loop {
 public:
  using Task = std::function<void()>;
  using TimerId = uint64_t;
  // A transfer has ended.
  using OnDone = std::function<void(CURL* handle, CURLcode code)>;

  explicit Loop(OnDone on_done);
  ~Loop();  // Stop
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs `last` and what it posts on the loop's thread, then ends the thread. What is posted later
  // is dropped. Not to be called on the loop's thread; idempotent.
  void Stop(Task last);

  void Post(Task task);
  TimerId After(absl::Duration delay, Task task);
  void CancelTimer(TimerId id);

  bool OnThread() const { return std::this_thread::get_id() == thread_.get_id(); }
  CURLM* multi() { return multi_; }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  static int OnSocket(CURL* handle, curl_socket_t fd, int what, void* user, void* known);
  static int OnTimeout(CURLM* multi, long milliseconds, void* user);

  void Run();
  void Wake();
  void Turn();
  bool RunTasks();
  void RunTimers();
  void Collect();
  int WaitMilliseconds();
  void AddTimer(TimerId id, Instant at, Task task);

  const OnDone on_done_;
  CURLM* const multi_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::unordered_map<TimerId, Instant> timer_index_;
  std::atomic<TimerId> next_timer_{1};
  bool curl_timer_set_ = false;
  Instant curl_timer_;

  Mutex mu_;
  std::vector<Task> tasks_ SLIPWAY_GUARDED_BY(mu_);
  bool woken_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool closed_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool stopping_ = false;  // of the loop's thread
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace slipway::kube
