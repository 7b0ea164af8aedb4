#include "services/build/engine/runner_hub.h"

namespace slipway::build {

bool RunnerSession::Push(v1::LeaseMessage message) {
  {
    MutexLock lock(mu_);
    if (closed_) return false;
    outbox_.push_back(std::move(message));
  }
  wake_();
  return true;
}

std::optional<v1::LeaseMessage> RunnerSession::Pop() {
  MutexLock lock(mu_);
  if (outbox_.empty()) return std::nullopt;
  v1::LeaseMessage message = std::move(outbox_.front());
  outbox_.pop_front();
  return message;
}

void RunnerSession::Close() {
  {
    MutexLock lock(mu_);
    closed_ = true;
  }
  wake_();
}

bool RunnerSession::closed() const {
  MutexLock lock(mu_);
  return closed_;
}

std::shared_ptr<RunnerSession> RunnerHub::Connect(const std::string& runner,
                                                  const std::string& session, int slots,
                                                  v1::LeaseMessage first,
                                                  std::function<void()> wake) {
  auto connected = std::make_shared<RunnerSession>(runner, session, slots, std::move(wake));
  connected->Push(std::move(first));
  std::shared_ptr<RunnerSession> earlier;
  {
    MutexLock lock(mu_);
    earlier = std::exchange(sessions_[runner], connected);
  }
  if (earlier) earlier->Close();
  return connected;
}

void RunnerHub::Disconnect(const std::shared_ptr<RunnerSession>& session) {
  session->Close();
  MutexLock lock(mu_);
  const auto it = sessions_.find(session->runner());
  if (it != sessions_.end() && it->second == session) sessions_.erase(it);
}

std::vector<std::shared_ptr<RunnerSession>> RunnerHub::Sessions() const {
  MutexLock lock(mu_);
  std::vector<std::shared_ptr<RunnerSession>> sessions;
  for (const auto& [runner, session] : sessions_) sessions.push_back(session);
  return sessions;
}

std::shared_ptr<RunnerSession> RunnerHub::Find(const std::string& runner) const {
  MutexLock lock(mu_);
  const auto it = sessions_.find(runner);
  return it == sessions_.end() ? nullptr : it->second;
}

}  // namespace slipway::build
