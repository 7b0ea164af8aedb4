#include "libs/kube/client/resource.h"

#include <algorithm>

#include "libs/kube/client/request.h"

namespace slipway::kube {

bool ResourceInfo::Can(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string ResourceInfo::GroupPath() const {
  if (gvk.group.empty()) return "/api/" + EncodeSegment(gvk.version);
  return "/apis/" + EncodeSegment(gvk.group) + "/" + EncodeSegment(gvk.version);
}

std::string ResourceInfo::CollectionPath(std::string_view ns) const {
  std::string path = GroupPath();
  if (namespaced && !ns.empty()) path += "/namespaces/" + EncodeSegment(ns);
  return path + "/" + EncodeSegment(resource);
}

std::string ResourceInfo::ObjectPath(std::string_view ns, std::string_view name) const {
  return CollectionPath(ns) + "/" + EncodeSegment(name);
}

}  // namespace slipway::kube
