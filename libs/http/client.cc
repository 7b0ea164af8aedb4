#include "libs/http/client.h"

#include <curl/curl.h>

#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/errors.h"
#include "libs/telemetry/metrics.h"

namespace slipway::http {
namespace {

constexpr int kMaxRedirects = 3;
constexpr size_t kMaxIdleHandles = 8;
constexpr absl::Duration kConnectTimeout = absl::Seconds(10);

struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, SlistDeleter>;

// What the callbacks of one exchange share.
struct Exchange {
  const OutgoingGuard* guard = nullptr;
  const Url* url = nullptr;
  const HttpClient::OnData* on_data = nullptr;
  const std::stop_token* stop = nullptr;
  uint64_t max_bytes = 0;
  HttpResponse response = {};
  absl::Status failed = absl::OkStatus();  // set by a callback that ended the exchange
  bool enough = false;                     // on_data asked to end it
};

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line = Trim(std::string_view(data, size * count));
  if (line.rfind("HTTP/", 0) == 0) {  // also after an interim 1xx answer
    exchange.response = HttpResponse{};
    const size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      (void)absl::SimpleAtoi(ToAbsl(line.substr(space + 1, 3)), &exchange.response.status);
    }
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    exchange.response.headers.emplace_back(Trim(line.substr(0, colon)),
                                           Trim(line.substr(colon + 1)));
  }
  return size * count;
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view piece(data, size * count);
  const bool success = exchange.response.status >= 200 && exchange.response.status < 300;
  if (exchange.on_data != nullptr && success) {
    if ((*exchange.on_data)(piece)) return piece.size();
    exchange.enough = true;
    return 0;
  }
  if (exchange.response.body.size() + piece.size() > exchange.max_bytes) {
    exchange.failed = ResponseTooLarge(exchange.url->ForPeople(), exchange.max_bytes);
    return 0;
  }
  exchange.response.body += piece;
  return piece.size();
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.stop->stop_requested()) return 0;
  exchange.failed = absl::CancelledError("stopped");
  return 1;
}

curl_socket_t OnOpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.guard != nullptr && address->family != AF_UNIX) {
    absl::Status status =
        exchange.guard->CheckAddress(exchange.url->host, exchange.url->port, &address->addr);
    if (!status.ok()) {
      exchange.failed = std::move(status);
      return CURL_SOCKET_BAD;
    }
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

absl::StatusOr<HeaderList> BuildHeaders(const HttpRequest& request) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  for (const auto& [name, value] : request.headers) {
    for (const std::string& text : {name, value}) {
      if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        return absl::InvalidArgumentError("a header holds a line break");
      }
    }
    // libcurl drops "Name:" and sends an empty value only for "Name;".
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!request.bearer.empty()) add("Authorization: Bearer " + request.bearer);
  if (FindHeader(request.headers, "Content-Type").empty()) add("Content-Type:");
  add("Expect:");
  return list;
}

absl::Status FailureOf(CURLcode code, const std::string& what, const char* detail) {
  const char* problem = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  const std::string text = what + ": " + problem;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(text);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return absl::InvalidArgumentError(text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return CertificateRefused(what, problem);
    default:
      return absl::UnavailableError(text);
  }
}

void SetTls(CURL* curl, const TlsOptions& tls) {
  const auto blob = [curl](CURLoption option, const std::string& pem) {
    if (pem.empty()) return;
    // Not copied: the options outlive the exchange.
    curl_blob data{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(curl, option, &data);
  };
  blob(CURLOPT_CAINFO_BLOB, tls.ca);
  // Otherwise the folder of the machine's authorities would be trusted beside the blob.
  if (!tls.ca.empty()) curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  blob(CURLOPT_SSLCERT_BLOB, tls.certificate);
  blob(CURLOPT_SSLKEY_BLOB, tls.key);
  if (!tls.skip_verify) return;
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

// Idle curl handles with their open connections. Thread-safe.
class HttpClient::Pool {
 public:
  ~Pool() {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }

  CURL* Take() {
    const MutexLock lock(mu_);
    if (idle_.empty()) return curl_easy_init();
    CURL* handle = idle_.back();
    idle_.pop_back();
    return handle;
  }

  void Give(CURL* handle) {
    curl_easy_reset(handle);  // keeps the connections
    {
      const MutexLock lock(mu_);
      if (idle_.size() < kMaxIdleHandles) {
        idle_.push_back(handle);
        return;
      }
    }
    curl_easy_cleanup(handle);
  }

 private:
  Mutex mu_;
  std::vector<CURL*> idle_ SLIPWAY_GUARDED_BY(mu_);
};

HttpClient::HttpClient() : HttpClient(Options{}) {}

HttpClient::HttpClient(Options options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpResponse> HttpClient::Send(const HttpRequest& request, std::stop_token stop) {
  return Follow(request, nullptr, stop);
}

absl::StatusOr<HttpResponse> HttpClient::Stream(const HttpRequest& request, const OnData& on_data,
                                                std::stop_token stop) {
  return Follow(request, &on_data, stop);
}

absl::StatusOr<HttpResponse> HttpClient::Follow(const HttpRequest& first, const OnData* on_data,
                                                const std::stop_token& stop) {
  HttpRequest request = first;
  const absl::Time deadline = absl::Now() + request.timeout;
  for (int hop = 0;; ++hop) {
    SLIPWAY_ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
    SLIPWAY_ASSIGN_OR_RETURN(HttpResponse response, Once(request, url, deadline, on_data, stop));
    const std::string_view location = response.Header("Location");
    if (!request.follow_redirects || !IsRedirect(response.status) || location.empty())
      return response;
    if (hop == kMaxRedirects) return RedirectRefused(url.ForPeople(), "too many");
    SLIPWAY_ASSIGN_OR_RETURN(request.url, ResolveReference(request.url, location));
    SLIPWAY_ASSIGN_OR_RETURN(const Url next, ParseUrl(request.url));
    if (!next.SameOrigin(url)) {
      return RedirectRefused(url.ForPeople(), "it leads to another host, " + next.ForPeople());
    }
    const bool keep = response.status == 307 || response.status == 308;
    if (!keep && request.method != "HEAD") {
      request.method = "GET";
      request.body.clear();
    }
  }
}

absl::StatusOr<HttpResponse> HttpClient::Once(const HttpRequest& request, const Url& url,
                                              absl::Time deadline, const OnData* on_data,
                                              const std::stop_token& stop) {
  SLIPWAY_ASSIGN_OR_RETURN(const HeaderList headers, BuildHeaders(request));
  Exchange exchange{.guard = options_.guard,
                    .url = &url,
                    .on_data = on_data,
                    .stop = &stop,
                    .max_bytes = request.max_response_bytes};
  CURL* curl = pool_->Take();
  char detail[CURL_ERROR_SIZE] = "";
  const auto set = [curl](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  set(CURLOPT_XFERINFODATA, &exchange);
  set(CURLOPT_OPENSOCKETFUNCTION, &OnOpenSocket);
  set(CURLOPT_OPENSOCKETDATA, &exchange);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(kConnectTimeout)));
  if (deadline != absl::InfiniteFuture()) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left > 0 ? left : 1));
  }
  if (options_.guard != nullptr) set(CURLOPT_PROXY, "");
  if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  SetTls(curl, request.tls);
  if (!request.username.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, request.username.c_str());
    set(CURLOPT_PASSWORD, request.password.c_str());
  }
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const absl::Time start = absl::Now();
  const CURLcode code = curl_easy_perform(curl);
  absl::Status status = absl::OkStatus();
  if (code != CURLE_OK && !exchange.enough) {
    status = exchange.failed.ok() ? FailureOf(code, request.method + " " + url.ForPeople(), detail)
                                  : exchange.failed;
  }
  pool_->Give(curl);
  if (options_.metrics != nullptr) {
    options_.metrics->HttpClientDone(options_.peer,
                                     status.ok() ? std::to_string(exchange.response.status)
                                                 : absl::StatusCodeToString(status.code()),
                                     absl::Now() - start);
  }
  if (!status.ok()) return status;
  return std::move(exchange.response);
}

}  // namespace slipway::http
