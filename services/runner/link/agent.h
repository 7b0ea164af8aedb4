#pragma once

#include <atomic>
#include <condition_variable>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "libs/base/mutex.h"
#include "services/runner/link/grpc_build_link.h"
#include "services/runner/link/job_slots.h"

namespace slipway::runner {

// The runner's two loops: the stream on which leases and cancellations come, opened again whenever
// it ends, and the heartbeat that renews what is held. Jobs go on while the build service is away.
// Owned by App; stops at destruction.
class Agent {
 public:
  Agent(GrpcBuildLink& link, JobSlots& slots, int slot_count);
  ~Agent();

  // OK while the stream of leases stands.
  absl::Status Ready() const;

 private:
  void WatchLoop(const std::stop_token& stop);
  void HeartbeatLoop(const std::stop_token& stop);
  void OnMessage(const build::v1::LeaseMessage& message);

  GrpcBuildLink& link_;
  JobSlots& slots_;
  const int slot_count_;
  const std::string session_;
  std::atomic<bool> connected_ = false;
  std::atomic<int> heartbeat_seconds_ = 3;
  Mutex pause_mu_;
  std::condition_variable_any pause_;
  std::jthread watcher_;
  std::jthread heart_;
};

}  // namespace slipway::runner
