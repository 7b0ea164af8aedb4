#include "libs/kube/client/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "libs/base/check.h"

namespace slipway::kube {
namespace {

constexpr int kMaxEvents = 64;
constexpr absl::Duration kLongestDelay = absl::Hours(24 * 365);
constexpr int kRoundsAtEnd = 100;  // callbacks at the end may post more; not for ever

CURLM* NewMulti() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return curl_multi_init();
}

}  // namespace

Loop::Loop(OnDone on_done)
    : on_done_(std::move(on_done)),
      multi_(NewMulti()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  SLIPWAY_CHECK(multi_ != nullptr && epoll_.valid() && wake_.valid());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_.get();
  SLIPWAY_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  thread_ = std::thread([this] { Run(); });
}

Loop::~Loop() {
  Stop([] {});
  curl_multi_cleanup(multi_);
}

void Loop::Stop(Task last) {
  if (!thread_.joinable()) return;
  SLIPWAY_CHECK(!OnThread());
  Post([this, last = std::move(last)] {
    last();
    stopping_ = true;
  });
  thread_.join();
}

void Loop::Post(Task task) {
  bool wake = false;
  {
    const MutexLock lock(mu_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (!woken_) wake = woken_ = true;
  }
  if (wake) Wake();
}

void Loop::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake.
  if (::write(wake_.get(), &one, sizeof(one)) < 0) return;
}

Loop::TimerId Loop::After(absl::Duration delay, Task task) {
  const TimerId id = next_timer_++;
  const Instant at =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(std::min(delay, kLongestDelay));
  if (OnThread()) {
    AddTimer(id, at, std::move(task));
  } else {
    Post([this, id, at, task = std::move(task)]() mutable { AddTimer(id, at, std::move(task)); });
  }
  return id;
}

void Loop::AddTimer(TimerId id, Instant at, Task task) {
  timers_.emplace(std::make_pair(at, id), std::move(task));
  timer_index_.emplace(id, at);
}

void Loop::CancelTimer(TimerId id) {
  if (!OnThread()) return Post([this, id] { CancelTimer(id); });
  const auto found = timer_index_.find(id);
  if (found == timer_index_.end()) return;
  timers_.erase({found->second, id});
  timer_index_.erase(found);
}

int Loop::OnSocket(CURL* /*handle*/, curl_socket_t fd, int what, void* user, void* known) {
  auto& loop = *static_cast<Loop*>(user);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = fd;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  const int operation = known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(loop.epoll_.get(), operation, fd, &event) != 0) {
    // libcurl may close and open a socket with the same number without telling in between.
    epoll_ctl(loop.epoll_.get(), operation == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
              &event);
  }
  curl_multi_assign(loop.multi_, fd, user);
  return 0;
}

int Loop::OnTimeout(CURLM* /*multi*/, long milliseconds, void* user) {
  auto& loop = *static_cast<Loop*>(user);
  loop.curl_timer_set_ = milliseconds >= 0;
  if (loop.curl_timer_set_) {
    loop.curl_timer_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  }
  return 0;
}

int Loop::WaitMilliseconds() {
  {
    const MutexLock lock(mu_);
    if (!tasks_.empty()) return 0;
  }
  Instant next = Instant::max();
  if (curl_timer_set_) next = curl_timer_;
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first.first);
  if (next == Instant::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

bool Loop::RunTasks() {
  std::vector<Task> tasks;
  {
    const MutexLock lock(mu_);
    tasks.swap(tasks_);
    woken_ = false;
  }
  for (Task& task : tasks) task();
  return !tasks.empty();
}

void Loop::RunTimers() {
  const Instant now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    timer_index_.erase(node.key().second);
    node.mapped()();
  }
}

// Ended transfers; their callbacks run here, outside of libcurl.
void Loop::Collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* handle = message->easy_handle;
    const CURLcode code = message->data.result;
    on_done_(handle, code);
  }
}

void Loop::Turn() {
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_.get(), events, kMaxEvents, WaitMilliseconds());
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == wake_.get()) {
      uint64_t value = 0;
      if (::read(fd, &value, sizeof(value)) < 0) continue;
      continue;
    }
    int what = 0;
    if (events[i].events & EPOLLIN) what |= CURL_CSELECT_IN;
    if (events[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
    curl_multi_socket_action(multi_, fd, what, &running);
  }
  if (curl_timer_set_ && std::chrono::steady_clock::now() >= curl_timer_) {
    curl_timer_set_ = false;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  Collect();
  RunTimers();
  RunTasks();
}

void Loop::Run() {
  while (!stopping_) Turn();
  for (int round = 0; round < kRoundsAtEnd && RunTasks(); ++round) continue;
  std::vector<Task> dropped;  // destroyed after the lock is given back
  const MutexLock lock(mu_);
  closed_ = true;
  dropped.swap(tasks_);
}

}  // namespace slipway::kube
