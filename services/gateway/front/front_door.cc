#include "services/gateway/front/front_door.h"

#include <malloc.h>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/timestamp.h"
#include "services/gateway/front/errors.h"
#include "services/gateway/front/http_error.h"
#include "services/gateway/front/message_stream.h"
#include "services/gateway/openapi/openapi.h"
#include "services/gateway/transcode/embedded_contract.h"
#include "services/gateway/transcode/json_writer.h"
#include "slipway/explain/v1/explain.pb.h"

namespace slipway::gateway {
namespace {

// For whoever opens the URL in a browser.
constexpr char kIndex[] =
    "\n\n"
    "/v1/...         the API; sign in with: slipway login URL\n"
    "/openapi.json   what the API has\n"
    "/healthz /readyz /metrics /version\n";

constexpr uint64_t kBodyLimit = 1 << 20;
constexpr uint64_t kWebhookBodyLimit = 25 << 20;
constexpr std::string_view kWebhooks = "/webhooks/";
constexpr absl::Duration kRpcTimeout = absl::Seconds(10);
constexpr absl::Duration kHealthTimeout = absl::Seconds(1);
constexpr char kExplainService[] = "slipway.explain.v1.ExplainService";
constexpr char kTextType[] = "text/plain; charset=utf-8";

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

bool WantsEvents(const http::ServerRequest& request) {
  return ToLower(request.Header("accept")).find("text/event-stream") != std::string::npos;
}

std::string FullMethod(const google::protobuf::MethodDescriptor* rpc) {
  return rpc->service()->full_name() + "/" + rpc->name();
}

void RespondText(Exchange& exchange, int status, std::string text) {
  exchange.Respond(status, std::move(text), {{"Content-Type", kTextType}});
}

WebhookIntake::Incoming IncomingOf(http::ServerRequest request, const std::string& forge,
                                   const std::string& hook, const Exchange& exchange) {
  WebhookIntake::Incoming incoming;
  incoming.set_forge(forge);
  incoming.set_hook(hook);
  for (const auto& [name, value] : request.headers) {
    if (name == "cookie") continue;
    std::string& text = (*incoming.mutable_headers())[name];
    text += (text.empty() ? "" : ", ") + ToValidUtf8(value);
  }
  incoming.set_body(std::move(request.body));
  incoming.set_address(request.remote_address);
  incoming.set_traceparent(exchange.trace().ToString());
  *incoming.mutable_receive_time() = rpc::ToTimestamp(absl::Now());
  return incoming;
}

void AnswerWebhook(Exchange& exchange, const absl::StatusOr<WebhookIntake::Answer>& answer) {
  if (!answer.ok()) return exchange.RespondError(answer.status());
  if (answer->status() >= 400) {
    return exchange.RespondError(StatusOfHttp(answer->status(), answer->message()),
                                 answer->status());
  }
  std::string json = "{\"delivery\":";
  AppendJsonString(answer->delivery(), json);
  json += ",\"message\":";
  AppendJsonString(answer->message(), json);
  json += "}";
  exchange.RespondJson(answer->status(), std::move(json));
}

}  // namespace

uint64_t FrontDoor::BodyLimit(std::string_view, std::string_view target) {
  return target.substr(0, kWebhooks.size()) == kWebhooks ? kWebhookBodyLimit : kBodyLimit;
}

http::ServerResponse FrontDoor::Refuse(const http::ServerRequest& request, int status,
                                       std::string_view problem) {
  // Answers through the exchange, so that headers, metrics and log are those of any other request.
  class Capture final : public http::Responder {
   public:
    void Send(http::ServerResponse answer) override { response = std::move(answer); }
    void BeginStream(int, http::Headers) override {}
    void Write(std::string, std::function<void(bool)>) override {}
    void End() override {}
    void OnDisconnect(std::function<void()>) override {}
    http::ServerResponse response;
  };
  const auto capture = std::make_shared<Capture>();
  Exchange exchange(request, capture, parts_.metrics);
  exchange.SetRoute("refused");
  exchange.RespondError(StatusOfHttp(status, problem), status);
  return std::move(capture->response);
}

void FrontDoor::Handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
  const auto exchange = std::make_shared<Exchange>(request, std::move(responder), parts_.metrics);
  if (HandlePage(request, exchange)) return;
  if (request.target.compare(0, kWebhooks.size(), kWebhooks) == 0) {
    return HandleWebhook(std::move(request), exchange);
  }
  HandleRpc(request, exchange);
}

void FrontDoor::HandleAdmin(const http::ServerRequest& request,
                            std::shared_ptr<http::Responder> responder) {
  const auto exchange = std::make_shared<Exchange>(request, std::move(responder), parts_.metrics);
  if (!HandlePage(request, exchange)) exchange->RespondError(NoSuchPath());
}

bool FrontDoor::HandlePage(const http::ServerRequest& request, const ExchangePtr& exchange) {
  const std::string_view path = PathOf(request.target);
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics" ||
                     path == "/version" || path == "/openapi.json" || path == "/";
  if (!known) return false;
  exchange->SetRoute(path == "/" ? "index" : std::string(path.substr(1)));
  if (request.method != "GET" && request.method != "HEAD") {
    exchange->RespondError(MethodNotAllowed(request.method, "GET"), 405, {{"Allow", "GET"}});
  } else if (path == "/") {
    RespondText(*exchange, 200, "Slipway " + parts_.version + kIndex);
  } else if (path == "/healthz") {
    RespondText(*exchange, 200, "ok\n");
  } else if (path == "/version") {
    RespondText(*exchange, 200, parts_.version + "\n");
  } else if (path == "/metrics") {
    exchange->Respond(200, parts_.metrics.Serialize(),
                      {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}});
  } else if (path == "/readyz") {
    HandleReady(exchange);
  } else {
    HandleOpenApi(exchange);
  }
  return true;
}

void FrontDoor::HandleReady(const ExchangePtr& exchange) {
  parts_.backends.CheckHealth(kHealthTimeout, [exchange](const std::vector<std::string>& sick) {
    if (sick.empty()) return RespondText(*exchange, 200, "ok\n");
    RespondText(*exchange, 503, "not ready: " + Join(sick, ", ") + "\n");
  });
}

void FrontDoor::HandleOpenApi(const ExchangePtr& exchange) {
  std::call_once(openapi_once_, [this] {
    {
      const auto contract = Contract::Load(EmbeddedDescriptorSet(), /*with_comments=*/true);
      if (contract.ok()) openapi_ = OpenApiJson(**contract, parts_.version);
    }
    malloc_trim(0);  // the comments of all protos were in memory for a moment
  });
  if (openapi_.empty()) return exchange->RespondError(absl::InternalError("no OpenAPI document"));
  exchange->RespondJson(200, openapi_);
}

void FrontDoor::HandleWebhook(http::ServerRequest request, const ExchangePtr& exchange) {
  exchange->SetRoute("webhook");
  const std::vector<std::string> parts =
      Split(PathOf(request.target).substr(kWebhooks.size()), '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty() ||
      ToValidUtf8(request.target) != request.target) {
    return exchange->RespondError(NoWebhookPath());
  }
  if (request.method != "POST") {
    return exchange->RespondError(MethodNotAllowed(request.method, "POST"), 405,
                                  {{"Allow", "POST"}});
  }
  WebhookIntake::Incoming incoming = IncomingOf(std::move(request), parts[0], parts[1], *exchange);
  parts_.webhooks.Deliver(std::move(incoming),
                          [exchange](const absl::StatusOr<WebhookIntake::Answer>& answer) {
                            AnswerWebhook(*exchange, answer);
                          });
}

void FrontDoor::HandleRpc(const http::ServerRequest& request, const ExchangePtr& exchange) {
  const bool events = WantsEvents(request);
  // HEAD is GET without the body, which the server leaves out.
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  absl::StatusOr<BoundCall> call =
      parts_.transcoder.Bind(method, request.target, request.body, events);
  if (!call.ok()) {
    if (call.status().code() == absl::StatusCode::kNotFound) {
      return exchange->RespondError(NoSuchPath());
    }
    if (call.status().code() != absl::StatusCode::kUnimplemented) {
      return exchange->RespondError(call.status());
    }
    const std::string allowed = MessageOf(call.status());
    return exchange->RespondError(MethodNotAllowed(request.method, allowed), 405,
                                  {{"Allow", allowed}});
  }
  exchange->SetRoute(FullMethod(call->route->rpc));
  if (call->route->rpc->service()->full_name() == kExplainService) {
    return CallExplain(*call, exchange);
  }
  if (call->route->rpc->server_streaming()) return CallStream(*std::move(call), exchange, events);
  CallUnary(*std::move(call), exchange);
}

void FrontDoor::CallUnary(BoundCall call, const ExchangePtr& exchange) {
  const auto* rpc = call.route->rpc;
  auto cancel = parts_.backends.Unary(rpc->file()->package(), "/" + FullMethod(rpc),
                                      exchange->Call(), kRpcTimeout, std::move(call.request),
                                      parts_.contract.New(rpc->output_type()),
                                      [exchange](const Backends::UnaryResult& result) {
                                        if (!result.status.ok())
                                          return exchange->RespondError(result.status);
                                        exchange->RespondJson(200, WriteJson(*result.response));
                                      });
  exchange->OnDisconnect(std::move(cancel));
}

void FrontDoor::CallStream(BoundCall call, const ExchangePtr& exchange, bool events) {
  const auto* rpc = call.route->rpc;
  const auto stream = std::make_shared<MessageStream>(exchange, events);
  auto cancel = parts_.backends.Stream(
      rpc->file()->package(), "/" + FullMethod(rpc), exchange->Call(), std::move(call.request),
      parts_.contract.New(rpc->output_type()),
      [stream](const google::protobuf::Message& message, Backends::Next next) {
        stream->OnMessage(message, std::move(next));
      },
      [stream](const absl::Status& status) { stream->OnDone(status); });
  exchange->OnDisconnect(std::move(cancel));
}

void FrontDoor::CallExplain(const BoundCall& call, const ExchangePtr& exchange) {
  const auto* field = call.route->rpc->input_type()->FindFieldByName("name");
  const std::string name = call.request->GetReflection()->GetString(*call.request, field);
  const auto answer = [exchange, name](auto document, absl::StatusOr<Explain::Records> records) {
    if (!records.ok()) return exchange->RespondError(records.status());
    document.set_name(name);
    for (auto& record : *records) *document.add_records() = std::move(record);
    exchange->RespondJson(200, WriteJson(document));
  };
  if (call.route->rpc->name() == "GetTimeline") {
    return parts_.explain.Timeline(name, exchange->Call(),
                                   [answer](absl::StatusOr<Explain::Records> records) {
                                     answer(slipway::explain::v1::Timeline(), std::move(records));
                                   });
  }
  parts_.explain.Decisions(name, exchange->Call(),
                           [answer](absl::StatusOr<Explain::Records> records) {
                             answer(slipway::explain::v1::Decisions(), std::move(records));
                           });
}

}  // namespace slipway::gateway
