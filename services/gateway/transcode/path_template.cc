#include "services/gateway/transcode/path_template.h"

#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::gateway {
namespace {

using Kind = PathTemplate::Segment::Kind;

absl::Status Wrong(std::string_view text, std::string_view problem) {
  return absl::InvalidArgumentError("path template \"" + std::string(text) +
                                    "\": " + std::string(problem));
}

absl::StatusOr<PathTemplate::Segment> ParseSegment(std::string_view whole, std::string_view text) {
  if (text == "*") return PathTemplate::Segment{Kind::kOne, ""};
  if (text == "**") return PathTemplate::Segment{Kind::kRest, ""};
  if (text.empty() || text.find_first_of("*{}=:%?#") != std::string_view::npos) {
    return Wrong(whole, "\"" + std::string(text) + "\" is no segment");
  }
  return PathTemplate::Segment{Kind::kLiteral, std::string(text)};
}

// Pieces between slashes that do not stand in braces.
std::vector<std::string> SplitOutsideBraces(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (c == '/' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  if (text.size() < 2 || text.front() != '/') return Wrong(text, "must begin with /");
  PathTemplate result;
  std::string_view path = text.substr(1);
  const size_t brace = path.rfind('}');
  const size_t colon = path.rfind(':');
  if (colon != std::string_view::npos && (brace == std::string_view::npos || colon > brace)) {
    result.verb = path.substr(colon + 1);
    if (result.verb.empty() || result.verb.find('/') != std::string::npos) {
      return Wrong(text, "the verb after : is empty or holds a /");
    }
    path = path.substr(0, colon);
  }
  for (const std::string& part : SplitOutsideBraces(path)) {
    if (part.empty() || part.front() != '{') {
      SLIPWAY_ASSIGN_OR_RETURN(Segment segment, ParseSegment(text, part));
      result.segments.push_back(std::move(segment));
      continue;
    }
    if (part.back() != '}') return Wrong(text, "a } is missing");
    const std::string inner = part.substr(1, part.size() - 2);
    const size_t equals = inner.find('=');
    Variable variable{inner.substr(0, equals), result.segments.size(), 0};
    if (variable.field_path.empty()) return Wrong(text, "a variable has no name");
    const std::string pattern = equals == std::string::npos ? "*" : inner.substr(equals + 1);
    for (const std::string& piece : Split(pattern, '/')) {
      SLIPWAY_ASSIGN_OR_RETURN(Segment segment, ParseSegment(text, piece));
      result.segments.push_back(std::move(segment));
      ++variable.count;
    }
    result.variables.push_back(std::move(variable));
  }
  for (size_t i = 0; i + 1 < result.segments.size(); ++i) {
    if (result.segments[i].kind == Kind::kRest) return Wrong(text, "** must come last");
  }
  return result;
}

}  // namespace slipway::gateway
