#include "libs/forge/repository_url.h"

#include "libs/base/strings.h"

namespace slipway::forge {
namespace {

// Host and path of a URL; both empty for what is none.
struct Parts {
  std::string host;
  std::string path;
};

Parts SplitUrl(std::string_view url) {
  std::string_view scheme;
  std::string_view rest = url;
  if (const size_t mark = url.find("://"); mark != std::string_view::npos) {
    scheme = url.substr(0, mark);
    rest = url.substr(mark + 3);
  } else if (const size_t colon = url.find(':'); colon != std::string_view::npos && url.find('/') > colon) {
    // scp-like: user@host:path
    const std::string host(url.substr(0, colon));
    return {ToLower(host.substr(host.find('@') + 1)), std::string(url.substr(colon + 1))};
  } else {
    return {};
  }
  const size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string host = ToLower(authority);
  const std::string_view default_port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : scheme == "ssh" ? ":22" : "";
  if (!default_port.empty() && host.ends_with(default_port)) host.resize(host.size() - default_port.size());
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  path = path.substr(0, path.find_first_of("?#"));
  return {host, std::string(path)};
}

std::string Stripped(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

}  // namespace

std::string RepositoryKey(std::string_view url) {
  const Parts parts = SplitUrl(Trim(url));
  std::string path = Stripped(parts.path);
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  if (parts.host.empty() || path.empty()) return "";
  return parts.host + "/" + path;
}

bool CoversRepository(std::string_view entry, std::string_view url) {
  const std::string key = RepositoryKey(url);
  if (key.empty()) return false;
  if (!entry.ends_with('/')) return RepositoryKey(entry) == key;
  const Parts parts = SplitUrl(Trim(entry));
  if (parts.host.empty()) return false;
  const std::string path = Stripped(parts.path);
  return key.starts_with(parts.host + "/" + (path.empty() ? "" : path + "/"));
}

}  // namespace slipway::forge
