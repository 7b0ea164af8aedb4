#include "libs/kube/client/client.h"

#include <future>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/check.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"
#include "libs/kube/client/errors.h"
#include "libs/telemetry/metrics.h"

namespace slipway::kube {
namespace {

constexpr size_t kMaxIdleHandles = 64;
constexpr long kMaxIdleConnections = 32;
// How long a token that was read from a file is used before the file is looked at again.
constexpr absl::Duration kTokenAge = absl::Seconds(60);

std::string HostInUrl(const std::string& host) {
  return host.find(':') != std::string::npos ? "[" + host + "]" : host;
}

absl::StatusOr<Endpoint> MakeEndpoint(ClusterAccess access, const Client::Options& options) {
  SLIPWAY_RETURN_IF_ERROR(ValidateAccess(access));
  Endpoint endpoint;
  SLIPWAY_ASSIGN_OR_RETURN(endpoint.url, http::ParseUrl(access.server));
  const http::Url& url = endpoint.url;
  const std::string port = std::to_string(url.port);
  const std::string prefix = url.path == "/" ? "" : url.path;
  const std::string host = access.server_name.empty() ? url.host : access.server_name;
  endpoint.base = url.scheme + "://" + HostInUrl(host) + ":" + port + prefix;
  while (endpoint.base.back() == '/') endpoint.base.pop_back();
  if (!access.server_name.empty()) {
    endpoint.connect_to = HostInUrl(host) + ":" + port + ":" + HostInUrl(url.host) + ":" + port;
  }
  if (!access.proxy_url.empty() && options.guard != nullptr &&
      !options.guard->AllowsPair(url.host, url.port)) {
    return ProxyRefused(url.host, url.port);
  }
  endpoint.access = std::move(access);
  endpoint.guard = options.guard;
  endpoint.user_agent = options.user_agent;
  endpoint.http2 = options.http2;
  endpoint.max_line = options.max_line;
  return endpoint;
}

}  // namespace

// The exchanges under way, and the handles between two of them. Lives on the loop's thread.
class Client::Calls {
 public:
  Calls(const Endpoint& endpoint, telemetry::Metrics* metrics)
      : endpoint_(endpoint), metrics_(metrics) {}

  void Attach(Loop* loop) {
    loop_ = loop;
    curl_multi_setopt(loop->multi(), CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
  }

  void Start(std::unique_ptr<Exchange> exchange) {
    if (closed_) return exchange->done()(absl::CancelledError("the client ends"));
    CURL* handle = TakeHandle();
    const absl::Status prepared = exchange->Prepare(handle, Token());
    if (!prepared.ok()) {
      GiveHandle(handle);
      return exchange->done()(prepared);
    }
    const uint64_t id = exchange->id();
    by_id_.emplace(id, std::move(exchange));
    curl_multi_add_handle(loop_->multi(), handle);
  }

  void OnDone(CURL* handle, CURLcode code) {
    Exchange* exchange = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &exchange);
    End(exchange->id(), code);
  }

  void Cancel(uint64_t id) {
    if (const auto found = by_id_.find(id); found != by_id_.end()) found->second->Cancel();
    // Not now: this may be a callback of libcurl, or the call's start may still be posted.
    loop_->Post([this, id] {
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) return;
      found->second->Cancel();
      End(id, CURLE_ABORTED_BY_CALLBACK);
    });
  }

  // Ends everything; what starts later ends at once.
  void Close() {
    closed_ = true;
    std::vector<uint64_t> ids;
    for (const auto& [id, exchange] : by_id_) ids.push_back(id);
    for (const uint64_t id : ids) {
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) continue;
      found->second->Cancel();
      End(id, CURLE_ABORTED_BY_CALLBACK);
    }
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
    idle_.clear();
  }

 private:
  void End(uint64_t id, CURLcode code) {
    auto node = by_id_.extract(id);
    if (node.empty()) return;
    const std::unique_ptr<Exchange> exchange = std::move(node.mapped());
    curl_multi_remove_handle(loop_->multi(), exchange->handle());
    absl::StatusOr<Response> response = exchange->Finish(code);
    GiveHandle(exchange->handle());
    if (response.ok() && response->status == 401) token_read_ = absl::InfinitePast();
    Count(*exchange, response);
    exchange->done()(std::move(response));
  }

  void Count(const Exchange& exchange, const absl::StatusOr<Response>& response) {
    if (metrics_ == nullptr) return;
    const std::string code = response.ok() ? std::to_string(response->status)
                                           : absl::StatusCodeToString(response.status().code());
    const telemetry::Metrics::Labels labels = {{"verb", exchange.request().verb}, {"code", code}};
    metrics_->Count("slipway_kube_requests_total", "Requests to API servers", labels);
    if (exchange.streaming()) return;
    metrics_->Observe("slipway_kube_request_duration_seconds", "Time of a request", labels,
                      absl::Now() - exchange.started());
  }

  // The bearer; from a file it is read again now and then, and after it was refused, since it
  // rotates. The file lies in memory, and reading it takes microseconds.
  const std::string& Token() {
    const ClusterAccess& access = endpoint_.access;
    if (access.token_file.empty()) return access.token;
    const absl::Time now = absl::Now();
    if (now - token_read_ > kTokenAge) {
      absl::StatusOr<std::string> text = ReadFile(access.token_file, 1 << 20);
      if (text.ok()) file_token_ = Trim(*text);  // else the last one may still do
      token_read_ = now;
    }
    return file_token_;
  }

  CURL* TakeHandle() {
    if (idle_.empty()) return curl_easy_init();
    CURL* handle = idle_.back();
    idle_.pop_back();
    return handle;
  }

  void GiveHandle(CURL* handle) {
    if (closed_ || idle_.size() >= kMaxIdleHandles) return curl_easy_cleanup(handle);
    curl_easy_reset(handle);
    idle_.push_back(handle);
  }

  const Endpoint& endpoint_;
  telemetry::Metrics* const metrics_;
  Loop* loop_ = nullptr;
  std::unordered_map<uint64_t, std::unique_ptr<Exchange>> by_id_;
  std::vector<CURL*> idle_;
  std::string file_token_;
  absl::Time token_read_ = absl::InfinitePast();
  bool closed_ = false;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClusterAccess access, Options options) {
  SLIPWAY_ASSIGN_OR_RETURN(Endpoint endpoint, MakeEndpoint(std::move(access), options));
  return std::unique_ptr<Client>(new Client(std::move(endpoint), options.metrics));
}

Client::Client(Endpoint endpoint, telemetry::Metrics* metrics)
    : endpoint_(std::move(endpoint)),
      calls_(std::make_unique<Calls>(endpoint_, metrics)),
      loop_(std::make_unique<Loop>(
          [calls = calls_.get()](CURL* handle, CURLcode code) { calls->OnDone(handle, code); })) {
  calls_->Attach(loop_.get());
}

Client::~Client() {
  loop_->Stop([this] { calls_->Close(); });
}

Client::CallId Client::Begin(Request request, Exchange::OnLine on_line, Callback done) {
  const CallId id = next_id_++;
  requests_.fetch_add(1, std::memory_order_relaxed);
  auto exchange = std::make_shared<std::unique_ptr<Exchange>>(std::make_unique<Exchange>(
      id, endpoint_, std::move(request), std::move(on_line), std::move(done)));
  loop_->Post([this, exchange] { calls_->Start(std::move(*exchange)); });
  return id;
}

Client::CallId Client::Send(Request request, Callback done) {
  return Begin(std::move(request), nullptr, std::move(done));
}

Client::CallId Client::Stream(Request request, StreamHandler handler) {
  return Begin(std::move(request), std::move(handler.on_line), std::move(handler.on_end));
}

absl::StatusOr<Response> Client::Do(Request request, std::stop_token stop) {
  SLIPWAY_CHECK(!OnLoopThread());
  auto promise = std::make_shared<std::promise<absl::StatusOr<Response>>>();
  std::future<absl::StatusOr<Response>> answer = promise->get_future();
  const CallId id = Send(std::move(request), [promise](absl::StatusOr<Response> response) {
    promise->set_value(std::move(response));
  });
  const std::stop_callback cancel(stop, [this, id] { Cancel(id); });
  return answer.get();
}

void Client::Cancel(CallId id) {
  if (OnLoopThread()) return calls_->Cancel(id);
  loop_->Post([this, id] { calls_->Cancel(id); });
}

}  // namespace slipway::kube
