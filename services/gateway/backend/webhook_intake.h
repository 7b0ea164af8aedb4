#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/rpc/channel.h"
#include "slipway/trigger/v1/trigger.pb.h"

namespace slipway::gateway {

// Hands webhooks to the trigger service: whatever arrives while a call is on its way goes with the
// next one, so many deliveries share a call and none waits for company. Owned by App; thread-safe.
class WebhookIntake {
 public:
  using Answer = slipway::trigger::v1::DeliverBatchResponse::Answer;
  using Done = std::function<void(absl::StatusOr<Answer> answer)>;
  using Incoming = slipway::trigger::v1::DeliverBatchRequest::Incoming;

  // `trigger` is called as the gateway itself. `lanes` calls run at once. A delivery that is not
  // answered after `timeout` gets UNAVAILABLE: the forge, which waits no longer, may send it again.
  WebhookIntake(rpc::Peer trigger, int lanes, absl::Duration timeout);
  ~WebhookIntake();

  // `done` is called once, on one of the intake's threads. After the destructor began: with
  // UNAVAILABLE.
  void Deliver(Incoming incoming, Done done);

 private:
  struct Waiting {
    Incoming incoming;
    Done done;
    absl::Time deadline;
  };

  void Run(const std::stop_token& stop);
  std::vector<Waiting> TakeBatch(const std::stop_token& stop);
  void Send(std::vector<Waiting> batch);

  rpc::Peer trigger_;
  const absl::Duration timeout_;
  Mutex mu_;
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::jthread> lanes_;
};

}  // namespace slipway::gateway
