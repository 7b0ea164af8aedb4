#include "libs/forge/repository_url.h"

#include <algorithm>
#include <vector>

#include "libs/base/strings.h"

namespace slipway::forge {
namespace {

bool IsOdd(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; }

struct Parts {
  std::string scheme;
  std::string host;  // with port
  std::string path;
};

// scheme://[user@]host[:port]/path, or the scp form [user@]host:path.
Parts Take(std::string_view url) {
  Parts parts;
  const size_t colons = url.find("://");
  if (colons != std::string_view::npos) {
    parts.scheme = ToLower(url.substr(0, colons));
    const std::string_view rest = url.substr(colons + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    parts.path = rest.substr(authority.size());
    parts.host = ToLower(authority);
  } else {
    const size_t colon = url.find(':');
    if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos)
      return {};
    parts.scheme = "ssh";
    parts.host = ToLower(url.substr(0, colon));
    parts.path = url.substr(colon + 1);
  }
  parts.host.erase(0, parts.host.rfind('@') + 1);
  return parts;
}

// The host without the port that needs no mention. An ssh port never shows in the other URLs of a
// repository.
std::string HostOf(const Parts& parts) {
  const size_t colon = parts.host.rfind(':');
  if (colon == std::string::npos || parts.host.find(']', colon) != std::string::npos)
    return parts.host;
  const std::string port = parts.host.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string::npos) return "";
  const bool silent = parts.scheme == "ssh" || port.empty() ||
                      (parts.scheme == "https" && port == "443") ||
                      (parts.scheme == "http" && port == "80");
  return silent ? parts.host.substr(0, colon) : parts.host;
}

// "host/path", the path possibly empty; "" for what is no URL.
std::string Normalise(std::string_view url) {
  if (url.size() > 4096 || std::any_of(url.begin(), url.end(), IsOdd)) return "";
  const Parts parts = Take(url);
  if (parts.scheme != "https" && parts.scheme != "http" && parts.scheme != "ssh" &&
      parts.scheme != "git+ssh")
    return "";
  if (parts.path.find_first_of("?#") != std::string::npos) return "";
  std::string out = HostOf(parts);
  if (out.empty() || out.front() == ':') return "";
  for (const std::string& part : Split(parts.path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return "";
    out += "/" + part;
  }
  if (out.ends_with(".git")) out.resize(out.size() - 4);
  return out;
}

}  // namespace

std::string NormaliseRepositoryUrl(std::string_view url) {
  std::string out = Normalise(url);
  const size_t slash = out.find('/');
  return slash == std::string::npos || slash + 1 == out.size() ? "" : out;
}

bool IsRepositoryWithin(std::string_view url, std::string_view prefix) {
  const std::string repository = NormaliseRepositoryUrl(url);
  const std::string outer = Normalise(prefix);
  return !repository.empty() && !outer.empty() &&
         (repository == outer || repository.starts_with(outer + "/"));
}

}  // namespace slipway::forge
