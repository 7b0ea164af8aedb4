#include "libs/plan/tag_pattern.h"

#include <algorithm>

namespace slipway::plan {
namespace {

constexpr size_t kMaxTag = 128;
constexpr size_t kMaxDigits = 10;
constexpr size_t kCounterBytes = 3;  // "{x}"

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsTagChar(char c) { return IsAlnum(c) || c == '_' || c == '.' || c == '-'; }

size_t FindCounter(std::string_view text, size_t from = 0) {
  return std::min(text.find("{x}", from), text.find("{X}", from));
}

bool StartsOrEndsWith(std::string_view text, char c) {
  return text.front() == c || text.back() == c;
}

}  // namespace

bool HasTagCounter(std::string_view text) { return FindCounter(text) != std::string_view::npos; }

bool IsImageTag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTag && tag.front() != '.' && tag.front() != '-' &&
         std::all_of(tag.begin(), tag.end(), IsTagChar);
}

std::string TagPatternProblem(std::string_view pattern) {
  if (pattern.empty()) return "must not be empty";
  for (const char c : {'.', ','}) {
    if (StartsOrEndsWith(pattern, c)) return std::string("may not start or end with '") + c + "'";
  }
  const size_t at = FindCounter(pattern);
  if (at == std::string_view::npos)
    return "needs exactly one {x}, which counts up: for example \"v{x}\"";
  if (FindCounter(pattern, at + 1) != std::string_view::npos)
    return "has more than one {x}; keep exactly one";
  const std::string longest = TagFor(pattern, 9'999'999'999);
  if (longest.size() > kMaxTag) {
    return "is too long: with " + std::to_string(kMaxDigits) + " digits for {x} a tag may have " +
           std::to_string(kMaxTag) + " characters, so at most " +
           std::to_string(kMaxTag - kMaxDigits + kCounterBytes) + " here";
  }
  if (!IsImageTag(longest)) {
    return "is not an image tag: use letters, digits, '_', '.' and '-', and start with a letter, "
           "digit or '_'";
  }
  return "";
}

std::string TagFor(std::string_view pattern, int64_t number) {
  const size_t at = FindCounter(pattern);
  if (at == std::string_view::npos) return std::string(pattern);
  return std::string(pattern.substr(0, at)) + std::to_string(number) +
         std::string(pattern.substr(at + kCounterBytes));
}

}  // namespace slipway::plan
