#pragma once

#include <boost/json.hpp>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"

namespace slipway::gitops::provider {

// What a host's API answered.
struct ApiAnswer {
  int status = 0;
  http::Headers headers = {};
  boost::json::value body = {};  // null if it was no JSON
  bool is_json = false;

  std::string_view Header(std::string_view name) const { return http::FindHeader(headers, name); }
  bool ok() const { return is_json && status >= 200 && status < 300; }
};

// Calls one host's JSON API as one user, and knows its rate limit: Retry-After (RFC 9110 10.2.3),
// and X-RateLimit-* or RateLimit-* with the reset as seconds since 1970, which the four hosts have
// in common. For one thread.
class HostApi {
 public:
  struct Options {
    http::HttpClient& client;  // outlives it
    Clock& clock;              // outlives it
    std::string host = {};     // for people: "GitHub"
    std::string base = {};     // without '/' at the end
    http::Headers headers = {};
    std::string authorization = {};  // value of the header
    http::TlsOptions tls = {};
    bool follow_redirects = true;
    std::stop_token stop = {};
  };
  explicit HostApi(Options options) : options_(std::move(options)) {}

  // `path` begins with '/'. Answers of 5xx and of rate limits are errors, others are answers.
  absl::StatusOr<ApiAnswer> Get(const std::string& path) { return Call("GET", path, nullptr); }
  absl::StatusOr<ApiAnswer> Delete(const std::string& path) {
    return Call("DELETE", path, nullptr);
  }
  absl::StatusOr<ApiAnswer> Post(const std::string& path, const boost::json::object& body) {
    const boost::json::value value = body;
    return Call("POST", path, &value);
  }
  // OK if anything answers at the base, whatever it says; sent without the token.
  absl::Status Reach();

  // Those names in the answer's list at `path` ("": the answer itself) that begin with `prefix`;
  // `name_of` gives an empty one for what does not count. HOST_NOT_ITS_API where there is no list.
  absl::StatusOr<std::vector<std::string>> NamesIn(
      const ApiAnswer& answer, std::string_view path, const std::string& prefix,
      const std::function<std::string(const boost::json::value&)>& name_of) const;

  // Adds "the token expires on ..." to `warnings` when that is in less than 14 days.
  void WarnOfExpiry(absl::Time expires, std::vector<std::string>& warnings) const;

  const std::string& base() const { return options_.base; }
  absl::Time Now() const { return options_.clock.Now(); }

 private:
  absl::StatusOr<ApiAnswer> Call(const std::string& method, const std::string& path,
                                 const boost::json::value* body);

  const Options options_;
  absl::Time not_before_ = absl::InfinitePast();  // the host has no requests left until then
};

// What a host says about its refusal, from the places where the four put it: "message", "error",
// "error.message", "errors[0].message".
std::string MessageIn(const ApiAnswer& answer);

}  // namespace slipway::gitops::provider
