#include "services/gateway/front/exchange.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/status.h"
#include "services/gateway/front/errors.h"
#include "services/gateway/front/http_error.h"

namespace slipway::gateway {
namespace {

constexpr size_t kMaxRequestId = 64;

bool IsSaneRequestId(std::string_view id) {
  if (id.empty() || id.size() > kMaxRequestId) return false;
  for (const char c : id) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') return false;
  }
  return true;
}

telemetry::TraceContext TraceOf(const http::ServerRequest& request) {
  const auto parent = telemetry::TraceContext::Parse(request.Header("traceparent"));
  return parent ? parent->Child() : telemetry::TraceContext::New();
}

}  // namespace

Exchange::Exchange(const http::ServerRequest& request, std::shared_ptr<http::Responder> responder,
                   telemetry::Metrics& metrics)
    : start_(absl::Now()),
      method_(request.method),
      path_(request.target.substr(0, request.target.find('?'))),
      remote_address_(request.remote_address),
      authorization_(request.Header("authorization")),
      trace_(TraceOf(request)),
      request_id_(request.Header("x-request-id")),
      responder_(std::move(responder)),
      metrics_(metrics) {
  if (!IsSaneRequestId(request_id_)) request_id_ = NewUlid(start_);
}

Exchange::~Exchange() {
  // Nobody answered: the client went away first, or the server stops.
  if (!finished_) Finish(499, absl::StatusCode::kCancelled);
}

CallHeaders Exchange::Call() const {
  return {authorization_, request_id_, trace_.ToString(), remote_address_};
}

void Exchange::AddCommon(http::Headers& headers) const {
  headers.emplace_back("X-Request-Id", request_id_);
  headers.emplace_back("Traceparent", trace_.ToString());
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("Cache-Control", "no-store");
}

void Exchange::Respond(int status, std::string body, http::Headers headers) {
  AddCommon(headers);
  responder_->Send({.status = status, .headers = std::move(headers), .body = std::move(body)});
  Finish(status, status < 400 ? absl::StatusCode::kOk : absl::StatusCode::kUnknown);
}

absl::Status Exchange::Hide(const absl::Status& status) const {
  // A service says UNAVAILABLE with a reason; without one gRPC itself could not reach it.
  if (status.code() == absl::StatusCode::kUnavailable && DetailsOf(status).reason.empty()) {
    log::Warn("http.backend_unavailable", MessageOf(status),
              {{"request_id", request_id_}, {"route", route_}});
    return ServiceUnavailable(route_);
  }
  if (status.code() != absl::StatusCode::kInternal && status.code() != absl::StatusCode::kUnknown) {
    return status;
  }
  const std::string message = MessageOf(status);
  // A service has done this already for its own errors; what is left comes from the way to it.
  if (message.rfind("internal error, request", 0) == 0) return status;
  log::Error("http.internal_error", message, {{"request_id", request_id_}, {"route", route_}});
  return rpc::InternalError(request_id_);
}

void Exchange::RespondError(const absl::Status& status, int http_status, http::Headers headers) {
  const absl::Status shown = Hide(status);
  const int code = http_status != 0 ? http_status : HttpStatusOf(shown.code());
  if (code == 401) headers.emplace_back("WWW-Authenticate", "Bearer");
  if (code == 503) headers.emplace_back("Retry-After", "1");
  headers.emplace_back("Content-Type", "application/json");
  AddCommon(headers);
  responder_->Send({.status = code, .headers = std::move(headers), .body = ErrorJson(shown, code)});
  Finish(code, shown.code());
}

void Exchange::BeginStream(const std::string& content_type) {
  http::Headers headers = {{"Content-Type", content_type}, {"X-Accel-Buffering", "no"}};
  AddCommon(headers);
  responder_->BeginStream(200, std::move(headers));
}

void Exchange::EndStream(const absl::Status& status) {
  responder_->End();
  Finish(200, status.code());
}

void Exchange::Finish(int status, absl::StatusCode code) {
  if (finished_.exchange(true)) return;
  const absl::Duration took = absl::Now() - start_;
  metrics_.RpcDone(route_, rpc::CodeName(code), took);
  const bool probe = route_ == "healthz" || route_ == "readyz" || route_ == "metrics";
  log::Log(probe ? log::Level::kDebug : log::Level::kInfo, "http.request",
           method_ + " " + Truncate(ToValidUtf8(path_), 300),
           {{"route", route_},
            {"status", status},
            {"code", rpc::CodeName(code)},
            {"ms", absl::ToDoubleMilliseconds(took)},
            {"remote", remote_address_},
            {"request_id", request_id_},
            {"trace_id", trace_.trace_id}});
}

}  // namespace slipway::gateway
