#include "services/gitops/target/kubernetes/ingress_url.h"

#include <algorithm>

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

bool HasTls(const bj::object& spec, std::string_view host) {
  const bj::array* tls = kube::GetArray(spec, "tls");
  if (tls == nullptr) return false;
  return std::any_of(tls->begin(), tls->end(), [&](const bj::value& entry) {
    const bj::array* hosts =
        entry.is_object() ? kube::GetArray(entry.get_object(), "hosts") : nullptr;
    return hosts != nullptr &&
           std::any_of(hosts->begin(), hosts->end(), [&](const bj::value& name) {
             return name.is_string() && std::string_view(name.get_string()) == host;
           });
  });
}

// The path of a rule's first backend that begins a URL: "/" where it is a pattern.
std::string PathOf(const bj::object& rule) {
  const bj::object* http = kube::GetObject(rule, "http");
  const bj::array* paths = http != nullptr ? kube::GetArray(*http, "paths") : nullptr;
  if (paths == nullptr || paths->empty() || !paths->front().is_object()) return "/";
  const std::string path(kube::GetString(paths->front().get_object(), "path"));
  const bool plain =
      path.starts_with('/') && path.find_first_of("*?()[]{}$^|\\ #%") == std::string::npos;
  return plain ? path : "/";
}

}  // namespace

std::string UrlOfIngress(const std::vector<kube::Object>& objects) {
  for (const kube::Object& object : objects) {
    const kube::Gvk gvk = object.gvk();
    if (gvk.group != "networking.k8s.io" || gvk.kind != "Ingress") continue;
    const bj::object* spec = kube::GetObject(object.body(), "spec");
    const bj::array* rules = spec != nullptr ? kube::GetArray(*spec, "rules") : nullptr;
    if (rules == nullptr) continue;
    for (const bj::value& rule : *rules) {
      if (!rule.is_object()) continue;
      const std::string host(kube::GetString(rule.get_object(), "host"));
      if (host.empty() || host.starts_with('*')) continue;
      return (HasTls(*spec, host) ? "https://" : "http://") + host + PathOf(rule.get_object());
    }
  }
  return "";
}

}  // namespace slipway::gitops::kubernetes
