#include "services/runner/image/storage_gate.h"

#include <utility>

namespace slipway::runner {

StorageGate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), alone_(other.alone_) {}

StorageGate::Pass& StorageGate::Pass::operator=(Pass&& other) noexcept {
  std::swap(gate_, other.gate_);
  std::swap(alone_, other.alone_);
  return *this;
}

StorageGate::Pass::~Pass() {
  if (gate_ != nullptr) gate_->Leave(alone_);
}

StorageGate::Pass StorageGate::Enter(const std::stop_token& stop) {
  std::unique_lock<Mutex> lock(mu_);
  if (!changed_.wait(lock, stop, [this] { return !alone_ && waiting_ == 0; })) return {};
  ++builds_;
  return {this, false};
}

StorageGate::Pass StorageGate::EnterAlone(absl::Duration patience, const std::stop_token& stop) {
  std::unique_lock<Mutex> lock(mu_);
  ++waiting_;
  const bool entered = changed_.wait_for(lock, stop, absl::ToChronoMilliseconds(patience),
                                         [this] { return !alone_ && builds_ == 0; });
  --waiting_;
  if (entered) alone_ = true;
  changed_.notify_all();
  if (!entered) return {};
  return {this, true};
}

bool StorageGate::Closed() const {
  const MutexLock lock(mu_);
  return alone_ || waiting_ > 0;
}

void StorageGate::Leave(bool alone) {
  const MutexLock lock(mu_);
  if (alone) {
    alone_ = false;
  } else {
    --builds_;
  }
  changed_.notify_all();
}

}  // namespace slipway::runner
