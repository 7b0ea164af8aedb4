#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "libs/base/mutex.h"
#include "services/runner/testing/fake_build_link.h"
#include "slipway/auth/v1/auth.grpc.pb.h"
#include "slipway/build/v1/runner.grpc.pb.h"

namespace slipway::runner {

// The build service's contract for runners, and auth's exchange, over gRPC on one Unix socket, in
// memory. Can be stopped and started again with its state. For tests; thread-safe.
class FakeBuildService {
 public:
  explicit FakeBuildService(std::string socket);
  ~FakeBuildService();

  void Start();
  void Stop();

  // Sends it on the stream that stands, or on the next one.
  void Push(build::v1::LeaseMessage message);
  // Waits at most 20 s for the n-th stream.
  bool WaitForStream(size_t n);
  std::vector<build::v1::WatchLeasesRequest> Streams();
  // Tells every heartbeat that this job is lost.
  void LoseInHeartbeat(const build::v1::LeaseKey& key);
  // Waits at most 20 s for a heartbeat that renews this job.
  bool WaitForHeartbeat(const std::string& job);

  FakeBuildLink& state() { return state_; }
  const std::string& address() const { return address_; }

 private:
  class Auth;
  class Runners;

  const std::string address_;
  FakeBuildLink state_;
  std::unique_ptr<Auth> auth_;
  std::unique_ptr<Runners> runners_;
  std::unique_ptr<grpc::Server> server_;

  Mutex mu_;
  std::condition_variable changed_;
  bool closing_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::deque<build::v1::LeaseMessage> messages_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<build::v1::WatchLeasesRequest> streams_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<build::v1::LeaseKey> lost_ SLIPWAY_GUARDED_BY(mu_);
  std::set<std::string> renewed_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::runner
