#pragma once

#include <cstdint>
#include <string>

#include "libs/http/client.h"
#include "libs/telemetry/trace_context.h"

namespace slipway::githost {

// The trace that begins with a delivery: the same one for each attempt, a span of its own for each.
telemetry::TraceContext TraceOfDelivery(const std::string& delivery_id);

// What the receiver made of a delivery.
enum class HookAnswer {
  kAccepted,     // 2xx
  kGone,         // 410: the hook does not want this any more
  kRefused,      // another 4xx: sending the same again at once is of no use
  kUnavailable,  // nobody there, 5xx, 408, 429, or not in time
};

// Signs payloads in GitHub's way (HMAC-SHA256 over the raw bytes) and posts them to one hook, over
// a connection that it keeps. Owned by the sender; not thread-safe.
class HookPoster {
 public:
  // `secret` is the shared secret of the hook.
  HookPoster(std::string url, std::string secret);

  struct Delivery {
    std::string id;                      // X-GitHub-Delivery
    std::string body;                    // raw JSON
    int64_t pushed_at_us = 0;            // X-Slipway-Pushed-At
    telemetry::TraceContext trace = {};  // traceparent
  };
  struct Result {
    HookAnswer answer = HookAnswer::kUnavailable;
    std::string detail;  // for the log: status and the beginning of the answer, or the error
  };
  Result Post(const Delivery& delivery);

 private:
  const std::string url_;
  const std::string secret_;
  http::HttpClient client_;
};

}  // namespace slipway::githost
