#include "libs/rpc/push_stream.h"

#include <chrono>
#include <vector>

namespace slipway::rpc {

StreamHub::StreamHub(CallGate& gate, int threads)
    : gate_(gate), pool_(threads), ticker_([this](const std::stop_token& stop) { Tick(stop); }) {}

StreamHub::~StreamHub() = default;

void StreamHub::Add(const void* key, Live live) {
  bool closing = false;
  const auto shutdown = live.shutdown;
  {
    MutexLock lock(mu_);
    live_.emplace(key, std::move(live));
    closing = closing_;
  }
  if (closing) shutdown();
}

void StreamHub::Remove(const void* key) {
  MutexLock lock(mu_);
  live_.erase(key);
}

void StreamHub::Shutdown() {
  // Held while calling: a stream removes itself under this mutex before it is deleted, and ending
  // one never calls back here.
  MutexLock lock(mu_);
  closing_ = true;
  for (const auto& [key, live] : live_) live.shutdown();
}

void StreamHub::Tick(const std::stop_token& stop) {
  std::unique_lock lock(mu_);
  while (!stop.stop_requested()) {
    ticker_wake_.wait_for(lock, stop, std::chrono::seconds(5), [] { return false; });
    if (stop.stop_requested()) return;
    for (const auto& [key, live] : live_) live.tick();
  }
}

}  // namespace slipway::rpc
