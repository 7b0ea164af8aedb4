#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/gateway/transcode/path_template.h"

namespace slipway::gateway {

// Finds the route of a request: a tree over path segments. A literal wins over *, which wins over
// **; a verb is tried first, and where no route has that verb the colon belongs to the last segment
// (image digests). Filled at start, immutable afterwards and then thread-safe.
class RouteTable {
 public:
  // `route` is what the caller calls it. ALREADY_EXISTS when another route would answer the same
  // requests.
  absl::Status Add(std::string_view http_method, const PathTemplate& path, size_t route);

  struct Match {
    size_t route = 0;
    std::vector<std::string> segments = {};  // decoded, the verb taken off; %2F stays as it is
  };
  // `path` as in the request line, without query. NOT_FOUND for an unknown path, UNIMPLEMENTED for
  // a known one with other methods, INVALID_ARGUMENT for a malformed one ("..", an empty segment, a
  // bad escape).
  absl::StatusOr<Match> Find(std::string_view http_method, std::string_view path) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals = {};
    std::unique_ptr<Node> one = {};
    std::unique_ptr<Node> rest = {};
    std::map<std::pair<std::string, std::string>, size_t> routes = {};  // (verb, method)
  };

  // The node where `segments` from `at` on end and a route with `verb` and `method` stands; null
  // for none.
  static const Node* Walk(const Node& node, const std::vector<std::string>& segments, size_t at,
                          const std::string& verb, const std::string& method);
  static void CollectMethods(const Node& node, const std::vector<std::string>& segments, size_t at,
                             const std::string& verb, std::vector<std::string>& methods);

  Node root_;
};

// Decodes %XX. With `keep_slash` %2F stays. Empty for a broken escape or a control character.
absl::StatusOr<std::string> PercentDecode(std::string_view text, bool keep_slash,
                                          bool plus_is_space);

}  // namespace slipway::gateway
