#pragma once

#include <condition_variable>
#include <stop_token>

#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace slipway::runner {

// Keeps builds and the cleaning of their storage apart: any number of builds at once, or one
// cleaning. A cleaning that waits holds back new builds, so that a runner that is never idle is
// cleaned too. Thread-safe; owned by ImageStorage.
class StorageGate {
 public:
  // One build's stay; leaves at its end. Movable.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass();
    bool valid() const { return gate_ != nullptr; }

   private:
    friend class StorageGate;
    Pass(StorageGate* gate, bool alone) : gate_(gate), alone_(alone) {}
    StorageGate* gate_ = nullptr;
    bool alone_ = false;
  };

  // For a build: waits for a cleaning; invalid after a stop request.
  Pass Enter(const std::stop_token& stop);
  // For a cleaning: waits at most `patience` for the builds that run; invalid if one still does, or
  // after a stop request.
  Pass EnterAlone(absl::Duration patience, const std::stop_token& stop);
  // Whether a build would wait now.
  bool Closed() const;

 private:
  void Leave(bool alone);

  mutable Mutex mu_;
  std::condition_variable_any changed_;
  int builds_ SLIPWAY_GUARDED_BY(mu_) = 0;
  int waiting_ SLIPWAY_GUARDED_BY(mu_) = 0;  // cleanings
  bool alone_ SLIPWAY_GUARDED_BY(mu_) = false;
};

}  // namespace slipway::runner
