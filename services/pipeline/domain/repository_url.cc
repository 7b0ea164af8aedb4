#include "services/pipeline/domain/repository_url.h"

#include <algorithm>

#include "libs/base/strings.h"

namespace slipway::pipeline {
namespace {

struct Scheme {
  std::string_view prefix;
  std::string_view own_port;
  bool any_port;  // the port says nothing about where the repository is served by HTTP
};
constexpr Scheme kSchemes[] = {{"https://", "443", false},
                               {"http://", "80", false},
                               {"ssh://", "22", true},
                               {"git://", "9418", true}};

std::string Join(std::string_view authority, std::string_view path, const Scheme& scheme) {
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string host = ToLower(authority);
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos &&
      (scheme.any_port || host.substr(colon + 1) == scheme.own_port)) {
    host.resize(colon);
  }
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  if (host.empty() || path.empty()) return "";
  return host + "/" + std::string(path);
}

}  // namespace

std::string NormalRepositoryUrl(std::string_view url) {
  url = Trim(url);
  const std::string start = ToLower(url.substr(0, 8));
  for (const Scheme& scheme : kSchemes) {
    if (!std::string_view(start).starts_with(scheme.prefix)) continue;
    url.remove_prefix(scheme.prefix.size());
    url = url.substr(0, url.find_first_of("?#"));
    const size_t slash = std::min(url.find('/'), url.size());
    return Join(url.substr(0, slash), url.substr(slash), scheme);
  }
  // scp's form: [user@]host:path
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos)
    return "";
  if (url.substr(colon).starts_with("://")) return "";
  return Join(url.substr(0, colon), url.substr(colon + 1), kSchemes[2]);
}

}  // namespace slipway::pipeline
