#include "services/runner/job/expand.h"

#include <vector>

#include "libs/base/strings.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

bool StartsName(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool InName(char c) { return StartsName(c) || (c >= '0' && c <= '9'); }

absl::Status Unknown(std::string_view name, const std::map<std::string, std::string>& variables) {
  std::vector<std::string> names;
  for (const auto& [known, value] : variables) names.push_back(known);
  const std::string near = DidYouMean(name, names);
  return JobUnsupported("there is no variable $" + std::string(name) +
                        (near.empty() ? "" : "; did you mean $" + near + "?") +
                        " ($$ stands for a plain $)");
}

}  // namespace

absl::StatusOr<std::string> Expand(std::string_view text,
                                   const std::map<std::string, std::string>& variables) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '$' || at + 1 == text.size()) {
      out += text[at++];
      continue;
    }
    if (text[at + 1] == '$') {
      out += '$';
      at += 2;
      continue;
    }
    const bool braced = text[at + 1] == '{';
    const size_t begin = at + (braced ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && (end == begin ? StartsName(text[end]) : InName(text[end]))) ++end;
    if (end == begin || (braced && (end == text.size() || text[end] != '}'))) {
      out += text[at++];
      continue;
    }
    const std::string name(text.substr(begin, end - begin));
    const auto found = variables.find(name);
    if (found == variables.end()) return Unknown(name, variables);
    out += found->second;
    at = end + (braced ? 1 : 0);
  }
  return out;
}

}  // namespace slipway::runner
