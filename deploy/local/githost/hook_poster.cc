#include "deploy/local/githost/hook_poster.h"

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

HookAnswer AnswerOf(int status) {
  if (status >= 200 && status < 300) return HookAnswer::kAccepted;
  if (status == 410) return HookAnswer::kGone;
  if (status >= 400 && status < 500 && status != 408 && status != 429) return HookAnswer::kRefused;
  return HookAnswer::kUnavailable;
}

}  // namespace

telemetry::TraceContext TraceOfDelivery(const std::string& delivery_id) {
  telemetry::TraceContext trace = telemetry::TraceContext::New();
  trace.trace_id = Sha256Hex(delivery_id).substr(0, 32);
  return trace;
}

HookPoster::HookPoster(std::string url, std::string secret)
    : url_(std::move(url)), secret_(std::move(secret)) {}

HookPoster::Result HookPoster::Post(const Delivery& delivery) {
  http::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {
      {"Content-Type", "application/json"},
      {"User-Agent", "GitHub-Hookshot/slipway"},
      {"X-GitHub-Event", "push"},
      {"X-GitHub-Delivery", delivery.id},
      {"X-Hub-Signature-256", "sha256=" + HexEncode(HmacSha256(secret_, delivery.body))},
      {"X-Slipway-Pushed-At", std::to_string(delivery.pushed_at_us)},
      {"traceparent", delivery.trace.ToString()}};
  request.body = delivery.body;
  const auto response = client_.Send(request);
  if (!response.ok()) return {HookAnswer::kUnavailable, MessageOf(response.status())};
  return {AnswerOf(response->status), "HTTP " + std::to_string(response->status) + " " +
                                          Truncate(ToValidUtf8(response->body), 300)};
}

}  // namespace slipway::githost
