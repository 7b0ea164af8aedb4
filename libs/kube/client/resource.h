#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/kube/object.h"

namespace slipway::kube {

// A kind as an API server serves it. A value.
struct ResourceInfo {
  Gvk gvk = {};
  std::string resource = {};  // plural, as in paths: "deployments"
  bool namespaced = false;
  std::vector<std::string> verbs = {};  // "get", "list", "watch", "patch", ...
  std::vector<std::string> short_names = {};

  bool Can(std::string_view verb) const;
  // "/apis/apps/v1" or "/api/v1".
  std::string GroupPath() const;
  // "/apis/apps/v1/namespaces/shop/deployments"; an empty `ns` spans all namespaces. `ns` is left
  // out for cluster-scoped kinds.
  std::string CollectionPath(std::string_view ns) const;
  // CollectionPath with "/name".
  std::string ObjectPath(std::string_view ns, std::string_view name) const;
};

}  // namespace slipway::kube
