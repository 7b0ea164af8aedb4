#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/http/server.h"
#include "libs/kube/client/client.h"

namespace slipway::kube {

// A small HTTP server for tests, to show what a real API server can't be made to show on demand:
// cut streams, 410, 429, garbage, silence. Each request goes to the handler of the test, on the
// server's one thread. Thread-safe.
class FakeApiServer {
 public:
  using Handler = http::Server::Handler;

  explicit FakeApiServer(Handler handler);

  std::string url() const { return "http://" + server_->address(); }
  // A client of it with the token "secret-token".
  std::unique_ptr<Client> NewClient(Client::Options options = {}) const;
  // "METHOD target" of all requests so far.
  std::vector<std::string> seen() const;
  int CountSeen(std::string_view part) const;
  void Stop() { server_->Stop(absl::ZeroDuration()); }

 private:
  mutable std::mutex mu_;
  std::vector<std::string> seen_;
  std::unique_ptr<http::Server> server_;
};

// Sends a JSON answer.
void SendJson(http::Responder& responder, int status, std::string body, http::Headers headers = {});

// What happens on other threads, for tests that wait for it. Thread-safe.
template <typename T>
class Queue {
 public:
  void Push(T value) {
    {
      const std::lock_guard<std::mutex> lock(mu_);
      values_.push_back(std::move(value));
    }
    changed_.notify_all();
  }
  // Waits until there are `count`, or ten seconds; all so far.
  std::vector<T> Wait(size_t count) {
    std::unique_lock<std::mutex> lock(mu_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return values_.size() >= count; });
    return values_;
  }
  size_t size() const {
    const std::lock_guard<std::mutex> lock(mu_);
    return values_.size();
  }

 private:
  mutable std::mutex mu_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

}  // namespace slipway::kube
