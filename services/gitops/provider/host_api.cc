#include "services/gitops/provider/host_api.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(10);
constexpr absl::Duration kUsualPause = absl::Seconds(60);  // of hosts that limit and say no time
constexpr absl::Duration kLongestPause = absl::Hours(1);
constexpr absl::Duration kSoon = absl::Hours(14 * 24);
constexpr uint64_t kMaxAnswer = 4 << 20;

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::string_view Limit(const ApiAnswer& answer, std::string_view what) {
  const std::string_view with_x = answer.Header("X-RateLimit-" + std::string(what));
  return with_x.empty() ? answer.Header("RateLimit-" + std::string(what)) : with_x;
}

// How long the host asks to wait; empty: it does not ask.
std::optional<absl::Duration> AskedPause(const ApiAnswer& answer, absl::Time now) {
  std::optional<absl::Duration> pause;
  const std::string_view after = answer.Header("Retry-After");
  absl::Time date;
  if (const auto seconds = Number(after)) {
    pause = absl::Seconds(*seconds);
  } else if (!after.empty() &&
             absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(after), &date, nullptr)) {
    pause = date - now;
  } else if (Limit(answer, "Remaining") == "0") {
    if (const auto reset = Number(Limit(answer, "Reset")))
      pause = absl::FromUnixSeconds(*reset) - now;
  }
  if (pause) pause = std::clamp(*pause, absl::Seconds(1), kLongestPause);
  return pause;
}

}  // namespace

absl::Status HostApi::Reach() {
  http::HttpRequest request{.url = options_.base + "/",
                            .timeout = kCallTime,
                            .max_response_bytes = kMaxAnswer,
                            .tls = options_.tls,
                            .follow_redirects = false};
  request.headers = {{"User-Agent", "slipway"}};
  SLIPWAY_ASSIGN_OR_RETURN(const http::HttpResponse response,
                           options_.client.Send(request, options_.stop));
  if (response.status >= 500)
    return HostFailed(options_.host, response.status, absl::ZeroDuration());
  return absl::OkStatus();
}

absl::StatusOr<ApiAnswer> HostApi::Call(const std::string& method, const std::string& path,
                                        const boost::json::value* body) {
  if (options_.stop.stop_requested()) return absl::CancelledError("stopped");
  if (const absl::Time now = Now(); now < not_before_)
    return RateLimited(options_.host, not_before_ - now);
  http::HttpRequest request{.method = method,
                            .url = options_.base + path,
                            .headers = options_.headers,
                            .timeout = kCallTime,
                            .max_response_bytes = kMaxAnswer,
                            .tls = options_.tls,
                            .follow_redirects = options_.follow_redirects};
  request.headers.emplace_back("User-Agent", "slipway");
  request.headers.emplace_back("Authorization", options_.authorization);
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = boost::json::serialize(*body);
  }
  SLIPWAY_ASSIGN_OR_RETURN(http::HttpResponse response,
                           options_.client.Send(request, options_.stop));
  ApiAnswer answer{.status = response.status, .headers = std::move(response.headers)};
  const bool says_json = answer.Header("Content-Type").find("json") != std::string_view::npos;
  if (auto parsed = json::Parse(response.body); says_json && parsed.ok()) {
    answer.body = *std::move(parsed);
    answer.is_json = true;
  }
  const auto pause = AskedPause(answer, Now());
  const bool limited = answer.status == 429 || (answer.status == 403 && pause);
  if (limited || (pause && answer.status < 500)) not_before_ = Now() + pause.value_or(kUsualPause);
  if (limited) return RateLimited(options_.host, pause.value_or(kUsualPause));
  if (answer.status >= 500)
    return HostFailed(options_.host, answer.status, pause.value_or(absl::ZeroDuration()));
  return answer;
}

absl::StatusOr<std::vector<std::string>> HostApi::NamesIn(
    const ApiAnswer& answer, std::string_view path, const std::string& prefix,
    const std::function<std::string(const boost::json::value&)>& name_of) const {
  const boost::json::array* all = json::GetArray(answer.body, path);
  if (all == nullptr) return NotItsApi(options_.host, options_.base, answer.status);
  std::vector<std::string> names;
  for (const boost::json::value& item : *all) {
    std::string name = name_of(item);
    if (!name.empty() && name.starts_with(prefix)) names.push_back(std::move(name));
  }
  return names;
}

void HostApi::WarnOfExpiry(absl::Time expires, std::vector<std::string>& warnings) const {
  if (expires - Now() >= kSoon) return;
  warnings.push_back("the token expires on " +
                     absl::FormatTime("%Y-%m-%d", expires, absl::UTCTimeZone()));
}

std::string MessageIn(const ApiAnswer& answer) {
  for (const char* path : {"error.message", "message", "error", "errors[0].message"}) {
    if (auto text = json::GetString(answer.body, path)) {
      // GitHub's own text says little; what it complains about stands beside it.
      const auto more = json::GetString(answer.body, "errors[0].message");
      return more && *more != *text ? *text + ": " + *more : *text;
    }
  }
  const boost::json::value* message = json::Find(answer.body, "message");
  return message != nullptr ? boost::json::serialize(*message) : "";
}

}  // namespace slipway::gitops::provider
