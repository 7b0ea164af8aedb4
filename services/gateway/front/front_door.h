#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "libs/http/server.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/backend/backends.h"
#include "services/gateway/backend/explain.h"
#include "services/gateway/backend/webhook_intake.h"
#include "services/gateway/front/exchange.h"
#include "services/gateway/transcode/contract.h"
#include "services/gateway/transcode/transcoder.h"

namespace slipway::gateway {

// Decides what each request is: a page of the gateway itself, a webhook, or an RPC. Owned by App;
// thread-safe. Never blocks.
class FrontDoor {
 public:
  struct Parts {
    const Contract& contract;
    const Transcoder& transcoder;
    Backends& backends;
    Explain& explain;
    WebhookIntake& webhooks;
    telemetry::Metrics& metrics;
    std::string version;
  };
  explicit FrontDoor(Parts parts) : parts_(std::move(parts)) {}

  void Handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder);
  // The pages for operators: /metrics, /healthz, /readyz, /version.
  void HandleAdmin(const http::ServerRequest& request, std::shared_ptr<http::Responder> responder);

  // The answer to a request that was refused before it got here; logged like any other.
  http::ServerResponse Refuse(const http::ServerRequest& request, int status,
                              std::string_view problem);

  // 25 MiB for webhooks, 1 MiB for all else.
  static uint64_t BodyLimit(std::string_view method, std::string_view target);

 private:
  using ExchangePtr = std::shared_ptr<Exchange>;

  bool HandlePage(const http::ServerRequest& request, const ExchangePtr& exchange);
  void HandleReady(const ExchangePtr& exchange);
  void HandleOpenApi(const ExchangePtr& exchange);
  void HandleWebhook(http::ServerRequest request, const ExchangePtr& exchange);
  void HandleRpc(const http::ServerRequest& request, const ExchangePtr& exchange);
  void CallUnary(BoundCall call, const ExchangePtr& exchange);
  void CallStream(BoundCall call, const ExchangePtr& exchange, bool events);
  void CallExplain(const BoundCall& call, const ExchangePtr& exchange);

  const Parts parts_;
  std::once_flag openapi_once_;
  std::string openapi_;  // made at the first request
};

}  // namespace slipway::gateway
