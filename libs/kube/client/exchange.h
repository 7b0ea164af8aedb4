#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/outgoing_guard.h"
#include "libs/http/url.h"
#include "libs/kube/client/kubeconfig.h"
#include "libs/kube/client/request.h"

namespace slipway::kube {

// What a stream's consumer wants after a line; with kEnd the stream ends well.
enum class Flow { kContinue, kEnd };

// Where one cluster is called: what every request to it shares. Immutable after construction.
struct Endpoint {
  ClusterAccess access = {};
  http::Url url = {};     // of access.server
  std::string base = {};  // "https://host:port/prefix", with server_name as host if there is one
  std::string connect_to = {};  // CURLOPT_CONNECT_TO, with server_name
  const http::OutgoingGuard* guard = nullptr;
  std::string user_agent = {};
  bool http2 = true;
  size_t max_line = 0;
};

// One request on one curl handle. Lives on the loop's thread, owned by Client.
class Exchange {
 public:
  using OnLine = std::function<Flow(std::string_view line)>;
  using Callback = std::function<void(absl::StatusOr<Response> response)>;

  Exchange(uint64_t id, const Endpoint& endpoint, Request request, OnLine on_line, Callback done);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Fills in the handle, which must be fresh or reset and outlive this. `token` is the bearer, may
  // be empty.
  absl::Status Prepare(CURL* handle, const std::string& token);
  // What the ended transfer gave.
  absl::StatusOr<Response> Finish(CURLcode code);

  // No line is handed over any more.
  void Cancel() { cancelled_ = true; }

  uint64_t id() const { return id_; }
  CURL* handle() const { return handle_; }
  const Request& request() const { return request_; }
  const Callback& done() const { return done_; }
  bool streaming() const { return on_line_ != nullptr; }
  absl::Time started() const { return started_; }
  // "GET https://host:port/path", without the query.
  std::string What() const;

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* user);
  static size_t OnBody(char* data, size_t size, size_t count, void* user);
  static curl_socket_t OnOpenSocket(void* user, curlsocktype purpose, curl_sockaddr* address);

  absl::Status BuildHeaders(const std::string& token);
  void SetTransfer();
  void SetTls();
  bool Take(std::string_view piece);
  bool TakeLines(std::string_view piece);
  bool HandOver(std::string_view line);

  const uint64_t id_;
  const Endpoint& endpoint_;
  const Request request_;
  const OnLine on_line_;
  const Callback done_;
  const absl::Time started_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  char detail_[CURL_ERROR_SIZE] = "";
  Response response_;
  absl::Status failed_;  // set by a callback that ended the exchange
  std::string rest_;     // of a stream: what has no line end yet
  bool enough_ = false;
  bool cancelled_ = false;
};

}  // namespace slipway::kube
