#include "deploy/local/githost/repository_path.h"

namespace slipway::githost {
namespace {

constexpr size_t kMaxPart = 100;
constexpr std::string_view kSuffix = ".git";

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool ConsistsOf(std::string_view part, std::string_view extra) {
  if (part.empty() || part.size() > kMaxPart || !IsAlphanumeric(part.front())) return false;
  for (char c : part) {
    if (!IsAlphanumeric(c) && extra.find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

bool IsRepositoryPath(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || !path.ends_with(kSuffix)) return false;
  const std::string_view group = path.substr(0, slash);
  std::string_view name = path.substr(slash + 1);
  if (name.size() <= kSuffix.size()) return false;
  name.remove_suffix(kSuffix.size());
  return ConsistsOf(group, "-") && ConsistsOf(name, "._-");
}

std::string FileNameOf(std::string_view repository) {
  std::string name(repository);
  // Neither part of a repository's path holds '@'.
  name[name.find('/')] = '@';
  return name;
}

std::string RepositoryOfFile(std::string_view file_name) {
  std::string repository(file_name);
  const size_t at = repository.find('@');
  if (at == std::string::npos) return "";
  repository[at] = '/';
  return IsRepositoryPath(repository) ? repository : "";
}

std::optional<RequestPath> ParseRequestPath(std::string_view path_info) {
  if (!path_info.starts_with('/')) return std::nullopt;
  path_info.remove_prefix(1);
  const size_t group_end = path_info.find('/');
  if (group_end == std::string_view::npos) return std::nullopt;
  const size_t name_end = path_info.find('/', group_end + 1);
  if (name_end == std::string_view::npos) return std::nullopt;
  RequestPath result{std::string(path_info.substr(0, name_end)),
                     std::string(path_info.substr(name_end + 1))};
  if (!IsRepositoryPath(result.repository)) return std::nullopt;
  return result;
}

}  // namespace slipway::githost
