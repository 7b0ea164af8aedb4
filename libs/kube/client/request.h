#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/http/headers.h"

namespace slipway::kube {

// On whose behalf a request is made
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation). A
// value; an empty user means nobody else's.
struct Impersonation {
  std::string user = {};  // "system:serviceaccount:shop:deployer"
  std::vector<std::string> groups = {};

  bool empty() const { return user.empty(); }
};

// One request to the API server. A value.
struct Request {
  std::string verb = "get";  // label of metrics: get, list, watch, apply, create, delete, ...
  std::string method = "GET";
  std::string path = {};  // encoded, with query: "/api/v1/namespaces/shop/pods?limit=500"
  std::string accept = "application/json";
  std::string content_type = {};  // of the body
  std::string body = {};
  Impersonation impersonate = {};
  absl::Duration timeout = absl::Seconds(30);  // of the whole exchange
  uint64_t max_response_bytes = 64 << 20;      // RESOURCE_EXHAUSTED beyond
};

// What came back. Every status that the server sent is an answer, not an error. A value.
struct Response {
  int status = 0;
  http::Headers headers = {};
  std::string body = {};

  bool ok() const { return status >= 200 && status < 300; }
};

// "a=1&b=x%2Cy" of names and values, empty values included.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace slipway::kube
