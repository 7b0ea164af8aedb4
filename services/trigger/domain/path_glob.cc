#include "services/trigger/domain/path_glob.h"

#include <string>
#include <vector>

#include "libs/base/strings.h"

namespace slipway::trigger {
namespace {

// One part between slashes: '*' and '?' by the greedy algorithm with one point to go back to.
bool PartMatches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view path) {
  std::string whole(pattern);
  if (whole.starts_with('/')) whole.erase(0, 1);
  if (whole.ends_with('/')) whole += "**";
  const std::vector<std::string> parts = Split(whole, '/');
  const std::vector<std::string> folders = Split(path, '/');
  // The same algorithm one level up: "**" is the star over folders.
  size_t p = 0, f = 0, star = std::string::npos, mark = 0;
  while (f < folders.size()) {
    if (p < parts.size() && parts[p] == "**") {
      star = p++;
      mark = f;
    } else if (p < parts.size() && PartMatches(parts[p], folders[f])) {
      ++p;
      ++f;
    } else if (star != std::string::npos) {
      p = star + 1;
      f = ++mark;
    } else {
      return false;
    }
  }
  while (p < parts.size() && parts[p] == "**") ++p;
  return p == parts.size();
}

}  // namespace slipway::trigger
