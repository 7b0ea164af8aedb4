#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/http/client.h"
#include "tools/slipway/client/settings.h"

namespace slipway::cli {

// A path below /v1 with its query. Names are escaped segment by segment, so that what a person
// typed stays a name.
class Path {
 public:
  explicit Path(std::string_view name, std::string_view verb = "");
  // Adds a query parameter; an empty value is left out.
  Path& With(std::string_view key, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

// The REST API of the gateway. Errors are those of the services with their details (error.h),
// UNAVAILABLE with a remedy when nobody answers. Used by one thread.
class Api {
 public:
  // `settings` must outlive it.
  explicit Api(const Settings& settings) : settings_(settings) {}

  absl::StatusOr<boost::json::value> Get(const Path& path) { return Call("GET", path, nullptr); }
  absl::StatusOr<boost::json::value> Delete(const Path& path) {
    return Call("DELETE", path, nullptr);
  }
  absl::StatusOr<boost::json::value> Post(const Path& path, const boost::json::object& body);
  absl::StatusOr<boost::json::value> Patch(const Path& path, const boost::json::object& body);
  // Without a token, to a server that is not in use yet.
  absl::StatusOr<boost::json::value> PostTo(const std::string& url, const Path& path,
                                            const boost::json::object& body);

  // Follows next_page_token; at most `limit` of `member`.
  absl::StatusOr<boost::json::array> GetAll(const Path& path, std::string_view member,
                                            size_t limit);

  // Each message of a server stream until it ends, or `on_message` returns false, which is OK.
  // `follow`: the stream stays open for news where the RPC can do that. An error that ends the
  // stream is returned.
  using OnMessage = std::function<bool(const boost::json::value& message)>;
  absl::Status Stream(const Path& path, bool follow, const OnMessage& on_message);

 private:
  absl::StatusOr<boost::json::value> Call(const std::string& method, const Path& path,
                                          const boost::json::object* body);
  absl::StatusOr<http::HttpRequest> Request(const std::string& method, const Path& path) const;
  absl::StatusOr<boost::json::value> Send(const std::string& url, const http::HttpRequest& request);
  absl::Status ErrorOf(const std::string& url, int http_status, std::string_view body) const;

  const Settings& settings_;
  http::HttpClient client_;
};

}  // namespace slipway::cli
