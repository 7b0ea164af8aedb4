#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::build {

// The stream of one runner's process: messages go in on any thread and out on the stream's.
// Thread-safe.
class RunnerSession {
 public:
  RunnerSession(std::string runner, std::string session, int slots, std::function<void()> wake)
      : runner_(std::move(runner)),
        session_(std::move(session)),
        slots_(slots),
        wake_(std::move(wake)) {}

  const std::string& runner() const { return runner_; }
  const std::string& session() const { return session_; }
  int slots() const { return slots_; }

  // False when the stream has been closed.
  bool Push(v1::LeaseMessage message);
  std::optional<v1::LeaseMessage> Pop();
  // A newer stream of the runner has taken over, or the stream ended.
  void Close();
  bool closed() const;

 private:
  const std::string runner_;
  const std::string session_;
  const int slots_;
  const std::function<void()> wake_;
  mutable Mutex mu_;
  bool closed_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::deque<v1::LeaseMessage> outbox_ SLIPWAY_GUARDED_BY(mu_);
};

// The runners that are connected to this process, one stream each. Owned by App; thread-safe.
class RunnerHub {
 public:
  // Closes the runner's earlier stream. `first` is the first message of the new one.
  std::shared_ptr<RunnerSession> Connect(const std::string& runner, const std::string& session,
                                         int slots, v1::LeaseMessage first,
                                         std::function<void()> wake);
  void Disconnect(const std::shared_ptr<RunnerSession>& session);

  std::vector<std::shared_ptr<RunnerSession>> Sessions() const;
  std::shared_ptr<RunnerSession> Find(const std::string& runner) const;
  bool Online(const std::string& runner) const { return Find(runner) != nullptr; }

 private:
  mutable Mutex mu_;
  std::map<std::string, std::shared_ptr<RunnerSession>> sessions_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::build
