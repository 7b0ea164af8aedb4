#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/http/server.h"
#include "libs/telemetry/metrics.h"
#include "libs/telemetry/trace_context.h"
#include "services/gateway/backend/backends.h"

namespace slipway::gateway {

// One HTTP request with its answer: request id, trace, common headers, metrics and the access log
// line. Shared by whoever still has to answer; thread-safe.
class Exchange {
 public:
  // Takes method, target and headers from `request`; the body stays where it is.
  Exchange(const http::ServerRequest& request, std::shared_ptr<http::Responder> responder,
           telemetry::Metrics& metrics);
  ~Exchange();

  // What the request turned out to be, for log and metrics: "slipway.auth.v1.AuthService/GetUser",
  // "webhook".
  void SetRoute(std::string route) { route_ = std::move(route); }

  void Respond(int status, std::string body, http::Headers headers = {});
  void RespondJson(int status, std::string json) { Respond(status, std::move(json), kJson()); }
  // The wire form of an error. Texts of INTERNAL and UNKNOWN are logged and replaced.
  void RespondError(const absl::Status& status, int http_status = 0, http::Headers headers = {});

  void BeginStream(const std::string& content_type);
  void Write(std::string piece, std::function<void(bool)> written) {
    responder_->Write(std::move(piece), std::move(written));
  }
  // `status` is how it ended, for the log; what the client gets to see was written before.
  void EndStream(const absl::Status& status);

  void OnDisconnect(std::function<void()> callback) {
    responder_->OnDisconnect(std::move(callback));
  }

  // What goes on to a backend.
  CallHeaders Call() const;
  const std::string& request_id() const { return request_id_; }
  const telemetry::TraceContext& trace() const { return trace_; }
  const std::string& remote_address() const { return remote_address_; }
  // `status` with INTERNAL and UNKNOWN made fit for strangers; the cause is logged here.
  absl::Status Hide(const absl::Status& status) const;

 private:
  static http::Headers kJson() { return {{"Content-Type", "application/json"}}; }
  void AddCommon(http::Headers& headers) const;
  void Finish(int status, absl::StatusCode code);

  const absl::Time start_;
  const std::string method_;
  const std::string path_;
  const std::string remote_address_;
  const std::string authorization_;
  const telemetry::TraceContext trace_;
  std::string request_id_;
  std::string route_ = "unknown";
  const std::shared_ptr<http::Responder> responder_;
  telemetry::Metrics& metrics_;
  std::atomic<bool> finished_{false};
};

}  // namespace slipway::gateway
