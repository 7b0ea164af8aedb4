#include "services/pipeline/domain/fields.h"

#include <re2/re2.h>

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::pipeline {
namespace {

constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxUrl = 2048;
constexpr size_t kMaxEnvName = 128;
constexpr size_t kMaxRegex = 1024;
constexpr int64_t kMaxRegexMemory = 1 << 20;

bool Matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool HasControlOrSpace(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}
bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

bool IsHost(std::string_view host) {
  static const RE2 kHost(
      R"(([A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?)");
  if (host.size() > 260 || !Matches(host, kHost)) return false;
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos)
    return true;
  const int port = std::stoi(std::string(host.substr(colon + 1)));
  return port >= 1 && port <= 65535;
}

struct SplitUrl {
  bool secure = true;
  std::string_view authority;
  std::string_view rest;
};

// Scheme, authority and the rest of an http or https URL.
bool SplitHttpUrl(std::string_view url, SplitUrl* out) {
  const std::string lower = ToLower(url.substr(0, 8));
  const bool secure = lower == "https://";
  if (!secure && lower.substr(0, 7) != "http://") return false;
  url.remove_prefix(secure ? 8 : 7);
  const size_t end = std::min(url.find_first_of("/?#"), url.size());
  *out = {secure, url.substr(0, end), url.substr(end)};
  return true;
}

}  // namespace

std::string PathProblem(std::string_view path) {
  if (path.empty()) return "must not be empty";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes";
  if (path.front() == '/') return "must be relative: leave out the leading '/'";
  if (path.front() == '-') return "may not start with '-'";
  if (HasControl(path)) return "has a control character";
  if (path.find('\\') != std::string_view::npos)
    return "may not contain '\\'; folders are separated by '/'";
  for (const std::string& part : Split(path, '/')) {
    if (part == "..") return "may not contain \"..\": it must stay inside the repository";
  }
  return "";
}

std::string UrlProblem(std::string_view url) {
  if (url.empty()) return "must not be empty";
  if (url.size() > kMaxUrl) return "is longer than 2048 bytes";
  SplitUrl parts;
  if (HasControlOrSpace(url)) return "has a space or control character";
  if (!SplitHttpUrl(url, &parts)) return "must start with https:// or http://";
  if (parts.authority.find('@') != std::string_view::npos) {
    return "may not contain a user or password; put them into a Git account and name it in "
           "\"account\"";
  }
  if (!IsHost(parts.authority)) return "has no sound host";
  if (parts.rest.find_first_of("?#") != std::string_view::npos)
    return "may not have a query or fragment";
  for (const std::string& part : Split(parts.rest, '/')) {
    if (part == ".." || part == ".") return "may not contain \"..\" or \".\" as a folder";
  }
  return "";
}

std::string EnvNameProblem(std::string_view name) {
  static const RE2 kName("[A-Za-z_][A-Za-z0-9_]*");
  if (name.size() <= kMaxEnvName && Matches(name, kName)) return "";
  return "\"" + Truncate(name, 64) +
         "\" is no variable name: use letters, digits and '_', not starting with a digit";
}

std::string MemoryProblem(std::string_view quantity) {
  static const RE2 kMemory(R"([1-9]\d{0,14}(\.\d{1,3})?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?)");
  return Matches(quantity, kMemory)
             ? ""
             : "is no amount of memory; write for example \"64Mi\" or \"1Gi\"";
}

std::string CpuProblem(std::string_view quantity) {
  static const RE2 kCpu(R"((\d{1,6}m|\d{1,4}(\.\d{1,3})?))");
  static const RE2 kZero(R"(0*m?|0*\.0*)");
  if (Matches(quantity, kCpu) && !Matches(quantity, kZero)) return "";
  return "is no amount of CPU; write for example \"500m\" or \"1.5\"";
}

std::string ImageRepositoryProblem(std::string_view repository) {
  static const RE2 kRepository(
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)");
  if (repository.size() <= 255 && Matches(repository, kRepository)) return "";
  return "is no image repository: use lower-case letters and digits, joined by '.', '_', '-' and "
         "'/', without host and tag";
}

std::string HostProblem(std::string_view host) {
  if (host.empty()) return "must not be empty";
  if (host.find("://") != std::string_view::npos)
    return "is a host without a scheme: leave out \"http://\" or \"https://\"";
  return IsHost(host) ? ""
                      : "is no host; write for example \"git.example.com\" or \"10.0.0.7:8443\"";
}

std::string BranchProblem(std::string_view branch) {
  if (branch.empty()) return "must not be empty";
  if (branch.size() > 250) return "is longer than 250 bytes";
  if (branch.substr(0, 5) == "refs/") return "is a branch's name without \"refs/heads/\"";
  const bool bad_end = branch.back() == '/' || branch.back() == '.';
  const bool bad_start = branch.front() == '-' || branch.front() == '/';
  const bool bad_character =
      HasControlOrSpace(branch) || branch.find_first_of("~^:?*[\\") != std::string_view::npos;
  bool bad_part = branch.find("..") != std::string_view::npos ||
                  branch.find("@{") != std::string_view::npos ||
                  branch.find("//") != std::string_view::npos || branch == "@";
  for (const std::string& part : Split(branch, '/')) {
    bad_part = bad_part || (!part.empty() && part.front() == '.') ||
               (part.size() >= 5 && part.compare(part.size() - 5, 5, ".lock") == 0);
  }
  if (bad_end || bad_start || bad_character || bad_part)
    return "is no branch name that git accepts";
  return "";
}

std::string RegexProblem(std::string_view pattern) {
  if (pattern.empty()) return "must not be empty";
  if (pattern.size() > kMaxRegex) return "is longer than 1 KiB";
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (compiled.ok()) return "";
  if (compiled.error_code() == RE2::ErrorPatternTooLarge)
    return "is too large when compiled; use smaller repetitions";
  return "is no RE2 pattern: " + compiled.error() + " (https://github.com/google/re2/wiki/Syntax)";
}

absl::StatusOr<RegistryAddress> ParseRegistryUrl(std::string_view url, std::string_view field) {
  SplitUrl parts;
  if (!SplitHttpUrl(url, &parts)) {
    if (url.find("://") != std::string_view::npos)
      return InvalidField(field, "must be a host, or start with https:// or http://");
    parts.authority = url.substr(0, std::min(url.find('/'), url.size()));
    parts.rest = url.substr(parts.authority.size());
  }
  if (parts.authority.find('@') != std::string_view::npos) {
    return InvalidField(field,
                        "may not contain a user or password; use \"username\" and \"password\"");
  }
  if (!IsHost(parts.authority))
    return InvalidField(field,
                        "has no sound host; write for example \"registry.example.com:5000\"");
  if (!parts.rest.empty() && parts.rest != "/") {
    return InvalidField(field,
                        "may not have a path; the repository of an image stands in the workflow");
  }
  return RegistryAddress{ToLower(parts.authority), !parts.secure};
}

std::string CredentialHost(std::string_view host) {
  std::string lower = ToLower(host);
  constexpr std::string_view kHttpsPort = ":443";
  if (lower.size() > kHttpsPort.size() && lower.ends_with(kHttpsPort))
    lower.resize(lower.size() - kHttpsPort.size());
  return lower;
}

std::string CredentialHostOf(std::string_view url) {
  SplitUrl parts;
  if (!SplitHttpUrl(url, &parts) || !IsHost(parts.authority)) return "";
  const size_t colon = parts.authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && parts.authority.find(']', colon) == std::string_view::npos;
  if (parts.secure) return CredentialHost(parts.authority);
  return ToLower(parts.authority) + (has_port ? "" : ":80");
}

}  // namespace slipway::pipeline
