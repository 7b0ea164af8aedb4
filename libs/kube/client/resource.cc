#include "libs/kube/client/resource.h"

#include <algorithm>

#include "libs/http/url.h"

namespace slipway::kube {

bool ResourceInfo::Can(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string ResourceInfo::GroupPath() const {
  if (gvk.group.empty()) return "/api/" + http::PercentEncode(gvk.version);
  return "/apis/" + http::PercentEncode(gvk.group) + "/" + http::PercentEncode(gvk.version);
}

std::string ResourceInfo::CollectionPath(std::string_view ns) const {
  std::string path = GroupPath();
  if (namespaced && !ns.empty()) path += "/namespaces/" + http::PercentEncode(ns);
  return path + "/" + http::PercentEncode(resource);
}

std::string ResourceInfo::ObjectPath(std::string_view ns, std::string_view name) const {
  return CollectionPath(ns) + "/" + http::PercentEncode(name);
}

}  // namespace slipway::kube
