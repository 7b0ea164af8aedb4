#include "libs/kube/client/exchange.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/errors.h"
#include "libs/kube/client/errors.h"

namespace slipway::kube {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
// A peer that vanished without a word is noticed after about this time, also on an idle watch.
constexpr int kProbeAfterSeconds = 15;
constexpr int kProbeEverySeconds = 5;
constexpr int kProbes = 3;
constexpr int kUnansweredMilliseconds = 30'000;
constexpr size_t kMaxErrorBody = 1 << 20;

void SetKeepalive(int fd) {
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnansweredMilliseconds);
}

curl_blob Blob(const std::string& text) {
  // libcurl does not write to it.
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

}  // namespace

Exchange::Exchange(uint64_t id, const Endpoint& endpoint, Request request, OnLine on_line,
                   Callback done)
    : id_(id),
      endpoint_(endpoint),
      request_(std::move(request)),
      on_line_(std::move(on_line)),
      done_(std::move(done)),
      started_(absl::Now()) {}

Exchange::~Exchange() {
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

std::string Exchange::What() const {
  return request_.method + " " + endpoint_.access.server +
         request_.path.substr(0, request_.path.find('?'));
}

absl::Status Exchange::BuildHeaders(const std::string& token) {
  absl::Status status;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      status = absl::InvalidArgumentError("the header " + name + " holds a line break");
      return;
    }
    // libcurl drops "Name:" and sends an empty value only for "Name;".
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    headers_ = curl_slist_append(headers_, line.c_str());
  };
  add("Accept", request_.accept);
  add("User-Agent", endpoint_.user_agent);
  if (!request_.content_type.empty()) add("Content-Type", request_.content_type);
  if (!token.empty()) add("Authorization", "Bearer " + token);
  if (!request_.impersonate.empty()) {
    add("Impersonate-User", request_.impersonate.user);
    for (const std::string& group : request_.impersonate.groups) add("Impersonate-Group", group);
  }
  headers_ = curl_slist_append(headers_, "Expect:");
  return status;
}

absl::Status Exchange::Prepare(CURL* handle, const std::string& token) {
  handle_ = handle;
  if (request_.path.empty() || request_.path[0] != '/') {
    return absl::InvalidArgumentError("a path starts with '/'");
  }
  SLIPWAY_RETURN_IF_ERROR(BuildHeaders(token));
  SetTransfer();
  SetTls();
  return absl::OkStatus();
}

void Exchange::SetTransfer() {
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(handle_, option, value);
  };
  const ClusterAccess& access = endpoint_.access;
  const bool tls = endpoint_.url.scheme == "https";
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, detail_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_URL, (endpoint_.base + request_.path).c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(tls && endpoint_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (tls && endpoint_.http2) set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &OnOpenSocket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(kConnectTimeout)));
  if (request_.timeout != absl::InfiniteDuration()) {
    const int64_t left = absl::ToInt64Milliseconds(request_.timeout);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left > 0 ? left : 1));
  }
  // Not the environment's: a proxy is part of the cluster's access or there is none.
  set(CURLOPT_PROXY, access.proxy_url.c_str());
  if (!endpoint_.connect_to.empty()) {
    connect_to_ = curl_slist_append(connect_to_, endpoint_.connect_to.c_str());
    set(CURLOPT_CONNECT_TO, connect_to_);
  }
  if (!access.username.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, access.username.c_str());
    set(CURLOPT_PASSWORD, access.password.c_str());
  }
  if (request_.method != "GET" || !request_.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

// Certificates and keys go to libcurl from memory: none of them touches a disk.
void Exchange::SetTls() {
  const ClusterAccess& access = endpoint_.access;
  const auto blob = [this](CURLoption option, const std::string& pem) {
    const curl_blob value = Blob(pem);
    curl_easy_setopt(handle_, option, &value);
  };
  if (!access.ca_pem.empty()) {
    blob(CURLOPT_CAINFO_BLOB, access.ca_pem);
    // Otherwise the machine's authorities would be trusted beside the cluster's own.
    curl_easy_setopt(handle_, CURLOPT_CAPATH, nullptr);
  }
  if (!access.client_cert_pem.empty()) {
    curl_easy_setopt(handle_, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(handle_, CURLOPT_SSLKEYTYPE, "PEM");
    blob(CURLOPT_SSLCERT_BLOB, access.client_cert_pem);
    blob(CURLOPT_SSLKEY_BLOB, access.client_key_pem);
  }
  if (access.insecure) {
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

curl_socket_t Exchange::OnOpenSocket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& self = *static_cast<Exchange*>(user);
  const Endpoint& endpoint = self.endpoint_;
  if (endpoint.guard != nullptr) {
    std::string host = endpoint.url.host;
    int port = endpoint.url.port;
    if (!endpoint.access.proxy_url.empty()) {
      // The pair of the server itself was checked when the client was made.
      const absl::StatusOr<http::Url> proxy = http::ParseUrl(endpoint.access.proxy_url);
      if (proxy.ok()) {
        host = proxy->host;
        port = proxy->port;
      }
    }
    absl::Status status = endpoint.guard->CheckAddress(host, port, &address->addr);
    if (!status.ok()) {
      self.failed_ = std::move(status);
      return CURL_SOCKET_BAD;
    }
  }
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0) SetKeepalive(fd);
  return fd;
}

size_t Exchange::OnHeader(char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<Exchange*>(user);
  const std::string_view line = Trim(std::string_view(data, size * count));
  if (line.rfind("HTTP/", 0) == 0) {  // also after an interim 1xx answer
    self.response_ = Response{};
    if (const size_t space = line.find(' '); space != std::string_view::npos) {
      (void)absl::SimpleAtoi(ToAbsl(line.substr(space + 1, 3)), &self.response_.status);
    }
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    self.response_.headers.emplace_back(Trim(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  }
  return size * count;
}

size_t Exchange::OnBody(char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<Exchange*>(user);
  const std::string_view piece(data, size * count);
  return self.Take(piece) ? piece.size() : 0;
}

bool Exchange::Take(std::string_view piece) {
  if (cancelled_) return false;
  if (streaming() && response_.ok()) return TakeLines(piece);
  const size_t limit = response_.ok() ? request_.max_response_bytes : kMaxErrorBody;
  if (response_.body.size() + piece.size() > limit) {
    failed_ = http::ResponseTooLarge(What(), limit);
    return false;
  }
  response_.body += piece;
  return true;
}

// Hands over whole lines, and keeps the rest. Mostly a piece is one line, and nothing is copied.
bool Exchange::TakeLines(std::string_view piece) {
  while (!piece.empty()) {
    const size_t end = piece.find('\n');
    if (end == std::string_view::npos) {
      if (rest_.size() + piece.size() > endpoint_.max_line) {
        failed_ = absl::ResourceExhaustedError(What() + ": a line is longer than " +
                                               std::to_string(endpoint_.max_line) + " bytes");
        return false;
      }
      rest_ += piece;
      return true;
    }
    bool going = true;
    if (rest_.empty()) {
      going = HandOver(piece.substr(0, end));
    } else {
      std::string line = std::move(rest_);
      rest_.clear();
      line += piece.substr(0, end);
      going = HandOver(line);
    }
    piece.remove_prefix(end + 1);
    if (!going) return false;
  }
  return true;
}

bool Exchange::HandOver(std::string_view line) {
  line = Trim(line);
  if (line.empty()) return true;
  if (on_line_(line) == Flow::kContinue) return !cancelled_;
  enough_ = true;
  return false;
}

absl::StatusOr<Response> Exchange::Finish(CURLcode code) {
  if (cancelled_) return absl::CancelledError("cancelled");
  if (code == CURLE_OK || enough_) return std::move(response_);
  if (!failed_.ok()) return failed_;
  const std::string problem = detail_[0] != '\0' ? detail_ : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError(What() + ": " + problem);
  }
  return ClusterUnreachable(What(), problem);
}

}  // namespace slipway::kube
