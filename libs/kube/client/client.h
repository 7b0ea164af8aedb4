#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/outgoing_guard.h"
#include "libs/kube/client/exchange.h"
#include "libs/kube/client/kubeconfig.h"
#include "libs/kube/client/loop.h"
#include "libs/kube/client/request.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::kube {

// The way to one cluster's API server: many requests at once over few connections (HTTP/2), each
// with a deadline, on one thread. Owned by whoever owns the cluster; must outlive Discovery,
// ObjectApi, Dispatcher and Reflectors on it. Thread-safe.
//
// Callbacks run on the loop's thread and must never block: no Do, no database, no waiting lock.
// Exactly one callback comes for each call, also on Cancel and at the end of the client. Redirects
// are answers. Errors: UNAVAILABLE (not reached), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (answer or
// line too long), CANCELLED, INVALID_ARGUMENT (address refused); no text holds a
// credential.
class Client {
 public:
  struct Options {
    // Asked at every connect; null: every address. Must outlive the client.
    const http::OutgoingGuard* guard = nullptr;
    telemetry::Metrics* metrics = nullptr;  // must outlive the client
    std::string user_agent = "slipway";
    bool http2 = true;           // where TLS negotiates it
    size_t max_line = 16 << 20;  // bytes of one line of a stream
  };

  // Checks the access; connects to nothing. INVALID_ARGUMENT.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClusterAccess access, Options options);
  // Ends all calls with CANCELLED. Not on the loop's thread.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  using CallId = uint64_t;
  using Callback = Exchange::Callback;

  CallId Send(Request request, Callback done);
  // Sends and waits. `stop` cancels. Not on the loop's thread.
  absl::StatusOr<Response> Do(Request request, std::stop_token stop = {});

  struct StreamHandler {
    // Each line of a 2xx answer, without its end. The view holds during the call only.
    Exchange::OnLine on_line = {};
    // The stream is over: OK with an empty body when it ended well; an answer that is no 2xx has
    // its body.
    Callback on_end = {};
  };
  // Reads an answer line by line, as it comes.
  CallId Stream(Request request, StreamHandler handler);

  // Ends a call with CANCELLED, unless it has ended already. On the loop's thread no line comes
  // after it.
  void Cancel(CallId id);

  // Runs `task` on the loop's thread, now or later.
  void Post(Loop::Task task) { loop_->Post(std::move(task)); }
  Loop::TimerId After(absl::Duration delay, Loop::Task task) {
    return loop_->After(delay, std::move(task));
  }
  void CancelTimer(Loop::TimerId id) { loop_->CancelTimer(id); }
  bool OnLoopThread() const { return loop_->OnThread(); }

  // "https://host:port", fit for people.
  const std::string& server() const { return endpoint_.access.server; }
  const std::string& default_namespace() const { return endpoint_.access.default_namespace; }

  // Requests sent so far, of all verbs.
  uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  class Calls;
  Client(Endpoint endpoint, telemetry::Metrics* metrics);

  CallId Begin(Request request, Exchange::OnLine on_line, Callback done);

  const Endpoint endpoint_;
  std::atomic<CallId> next_id_{1};
  std::atomic<uint64_t> requests_{0};
  const std::unique_ptr<Calls> calls_;  // of the loop's thread
  const std::unique_ptr<Loop> loop_;
};

}  // namespace slipway::kube
