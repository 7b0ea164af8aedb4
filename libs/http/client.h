#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/headers.h"
#include "libs/http/outgoing_guard.h"
#include "libs/http/tls.h"

namespace slipway::telemetry {
class Metrics;
}

namespace slipway::http {

// One outgoing request. A value.
struct HttpRequest {
  std::string method = "GET";
  std::string url = {};  // absolute, http or https, without credentials
  Headers headers = {};
  std::string body = {};
  absl::Duration timeout =
      absl::Seconds(10);  // of the whole exchange; infinite: only connecting is limited (10 s)
  uint64_t max_response_bytes = 8 << 20;  // RESOURCE_EXHAUSTED beyond; streams have none
  std::string unix_socket = {};           // path; the URL's host is only the Host header then
  std::string username = {};              // Basic, with `password`
  std::string password = {};
  std::string bearer = {};  // Authorization: Bearer
  TlsOptions tls = {};
  bool follow_redirects = true;  // false: a redirect is an answer like any other
};

// What came back. Every status that the peer sent is an answer, not an error.
struct HttpResponse {
  int status = 0;
  Headers headers = {};
  std::string body = {};

  std::string_view Header(std::string_view name) const { return FindHeader(headers, name); }
};

// The one way to call other systems over HTTP: libcurl with time-outs, size limits and connections
// kept for reuse. Redirects are followed at most three times and on the same scheme, host and port
// only; others are refused, so that no credential goes where it was not meant for. Blocking and
// thread-safe; each call uses a handle of its own.
//
// Errors: INVALID_ARGUMENT (URL, refused address or redirect), UNAVAILABLE (not reached),
// DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (answer too large), CANCELLED (stopped). Texts hold no
// credential and no query.
class HttpClient {
 public:
  struct Options {
    // Asked at every connect and redirect; null: every address. Must outlive the client. With a
    // guard no proxy is used, since the guard has to see the address that is called.
    const OutgoingGuard* guard = nullptr;
    telemetry::Metrics* metrics = nullptr;  // must outlive the client
    std::string peer = "other";  // label in metrics: a configured partner, never a host name
  };

  HttpClient();
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends and waits for the whole answer. `stop` ends it within a second.
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request, std::stop_token stop = {});

  // As Send, but the body of a 2xx answer goes to `on_data` piece by piece on the calling thread;
  // other statuses have their body in the response. `on_data` returns false to end the call, which
  // is OK then.
  using OnData = std::function<bool(std::string_view piece)>;
  absl::StatusOr<HttpResponse> Stream(const HttpRequest& request, const OnData& on_data,
                                      std::stop_token stop = {});

 private:
  class Pool;

  absl::StatusOr<HttpResponse> Follow(const HttpRequest& request, const OnData* on_data,
                                      const std::stop_token& stop);
  absl::StatusOr<HttpResponse> Once(const HttpRequest& request, const Url& url, absl::Time deadline,
                                    const OnData* on_data, const std::stop_token& stop);

  const Options options_;
  const std::unique_ptr<Pool> pool_;
};

// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) out of
// pieces of any size. Not thread-safe.
class SseReader {
 public:
  struct Event {
    std::string type = {};  // "" is "message"
    std::string data = {};
    std::string id = {};
  };
  using OnEvent = std::function<bool(const Event& event)>;
  explicit SseReader(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // False as soon as the callback returned false.
  bool Feed(std::string_view piece);

 private:
  bool Line(std::string_view line);

  OnEvent on_event_;
  std::string rest_;
  Event event_;
  bool has_data_ = false;
};

}  // namespace slipway::http
