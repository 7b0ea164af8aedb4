#include "libs/git/names.h"

#include <algorithm>
#include <string>

#include "libs/base/strings.h"
#include "libs/git/errors.h"

namespace slipway::git {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Why `name` is not a ref name; empty if it is one. `stars`: how many '*' it may have.
std::string RefNameProblem(std::string_view name, int stars) {
  if (name.empty()) return "is empty";
  if (name.size() > 255) return "is longer than 255 bytes";
  if (name.front() == '-') return "starts with '-'";
  if (name == "@") return "is '@'";
  if (name.find("..") != std::string_view::npos) return "contains '..'";
  if (name.find("@{") != std::string_view::npos) return "contains '@{'";
  if (name.back() == '.') return "ends with '.'";
  for (const char c : name) {
    if (IsControl(c)) return "contains a control character";
    if (c == '*' && stars-- > 0) continue;
    if (std::string_view(" ~^:?*[\\").find(c) != std::string_view::npos)
      return std::string("contains '") + c + "'";
  }
  for (const std::string& part : Split(name, '/')) {
    if (part.empty()) return "has an empty part between slashes";
    if (part.front() == '.') return "has a part that starts with '.'";
    if (part.ends_with(".lock")) return "has a part that ends with '.lock'";
  }
  return "";
}

// Why `url` can't be used; empty if it can.
std::string UrlProblem(std::string_view url, bool allow_file) {
  if (url.empty()) return "is empty";
  if (url.size() > 2048) return "is longer than 2048 bytes";
  if (std::any_of(url.begin(), url.end(),
                  [](char c) { return IsControl(c) || c == ' ' || c == '\\'; })) {
    return "contains a space, a backslash or a control character";
  }
  if (allow_file && url.starts_with("file:///")) return "";
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return "does not start with https:// or http://";
  }
  if (rest.find_first_of("?#") != std::string_view::npos) return "has a query or a fragment";
  const std::string_view authority = rest.substr(0, rest.find('/'));
  if (authority.find('@') != std::string_view::npos) {
    return "contains a user name or password; these belong into a git account";
  }
  if (authority.empty() || authority.front() == ':' || authority.front() == '-')
    return "has no host";
  if (rest.size() <= authority.size() + 1) return "has no path to a repository";
  const std::vector<std::string> parts = Split(rest.substr(authority.size()), '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) return "has '..' in its path";
  return "";
}

}  // namespace

absl::Status ValidateRefName(std::string_view name) {
  const std::string problem = RefNameProblem(name, 0);
  return problem.empty() ? absl::OkStatus() : InvalidName("ref name", name, problem);
}

absl::Status ValidateRefspec(std::string_view refspec) {
  std::string_view rest = refspec;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  const size_t colon = rest.find(':');
  const std::string_view source = rest.substr(0, colon);
  std::string problem = IsSha(source) ? "" : RefNameProblem(source, 1);
  if (problem.empty() && colon != std::string_view::npos) {
    const std::string_view destination = rest.substr(colon + 1);
    problem = RefNameProblem(destination, 1);
    if (problem.empty() && (source.find('*') == std::string_view::npos) !=
                               (destination.find('*') == std::string_view::npos)) {
      problem = "has '*' on one side only";
    }
  }
  return problem.empty() ? absl::OkStatus() : InvalidName("refspec", refspec, problem);
}

absl::Status ValidateUrl(std::string_view url, bool allow_file) {
  const std::string problem = UrlProblem(url, allow_file);
  return problem.empty() ? absl::OkStatus() : InvalidName("repository URL", url, problem);
}

bool IsSha(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsZeroSha(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace slipway::git
