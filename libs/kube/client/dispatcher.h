#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/limiter.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::kube {

// Sends requests to one cluster under a Limiter: as many at once as the server takes well, turn by
// turn between owners. An answer 429 is waited out and sent again within the request's own timeout,
// so callers see it only when the server says nothing else for that long; nothing else is repeated
// here. Owned beside its Client, which must outlive it. Thread-safe; callbacks run on the client's
// loop and must not block.
class Dispatcher {
 public:
  // `may_write`, if there is one, is asked on the loop right before each request that changes
  // something is sent, also when it is sent again; those that may not end with UNAVAILABLE.
  Dispatcher(Client& client, Limiter::Options options, telemetry::Metrics* metrics = nullptr,
             std::function<bool()> may_write = {});
  // What waits ends with CANCELLED; what is in flight ends with its own answer, which still comes.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  using Id = uint64_t;
  // Requests of one `owner` (an app's key) share its turns. The timeout counts from now, waiting
  // included.
  Id Submit(std::string_view owner, Request request, Client::Callback done);
  // Ends it with CANCELLED, unless it has ended.
  void Cancel(Id id);

  struct Load {
    int limit = 0;
    int in_flight = 0;
    size_t waiting = 0;
  };
  Load load() const;

  Client& client() { return client_; }

 private:
  struct State;
  Client& client_;
  const std::shared_ptr<State> state_;
};

}  // namespace slipway::kube
