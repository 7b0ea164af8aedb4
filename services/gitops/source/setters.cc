#include "services/gitops/source/setters.h"

#include <optional>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/yaml/scalar.h"
#include "services/gitops/domain/manifest.h"
#include "services/gitops/source/errors.h"
#include "services/gitops/source/image_parts.h"

namespace slipway::gitops {
namespace {

constexpr std::string_view kMark = "{\"$slipway\"";

// A line of YAML taken apart: "  - image: " + "demo/hello:1" + " # {...}".
struct Line {
  std::string_view before;
  std::string_view value;
  std::string_view after;
};

// Where the quoted text that starts at `start` ends (behind the quote), or npos.
size_t EndOfQuotes(std::string_view text, size_t start) {
  const char quote = text[start];
  for (size_t i = start + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '\'' && i + 1 < text.size() && text[i + 1] == '\'') {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return std::string_view::npos;
}

bool IsQuote(char c) { return c == '"' || c == '\''; }

// Behind "key:" and blanks, from `start`; `start` itself where there is no key.
size_t BehindKey(std::string_view text, size_t start) {
  size_t colon = std::string_view::npos;
  if (start < text.size() && IsQuote(text[start])) {
    const size_t end = EndOfQuotes(text, start);
    if (end != std::string_view::npos && end < text.size() && text[end] == ':') colon = end;
  } else {
    for (size_t i = start; i < text.size() && colon == std::string_view::npos; ++i) {
      if (text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\t'))
        colon = i;
    }
  }
  if (colon == std::string_view::npos) return start;
  const size_t value = text.find_first_not_of(" \t", colon + 1);
  return value == std::string_view::npos ? text.size() : value;
}

Line TakeApart(std::string_view line, size_t comment) {
  std::string_view code = line.substr(0, comment);
  const size_t last = code.find_last_not_of(" \t");
  code = code.substr(0, last == std::string_view::npos ? 0 : last + 1);
  size_t start = code.find_first_not_of(" \t");
  if (start == std::string_view::npos) start = code.size();
  while (code.substr(start, 2) == "- ") {
    start = code.find_first_not_of(" \t", start + 1);
    if (start == std::string_view::npos) start = code.size();
  }
  const size_t value = BehindKey(code, start);
  return {line.substr(0, value), code.substr(value), line.substr(code.size())};
}

std::string SingleQuoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text.append(c == '\'' ? "''" : std::string(1, c));
  return text + "'";
}

// The new text of a value, in the manner of the old one; empty if it would become another type.
std::optional<std::string> Replacement(std::string_view old, std::string_view value) {
  const bool single =
      !old.empty() && old.front() == '\'' && value.find_first_of("\r\n") == std::string_view::npos;
  if (single) return SingleQuoted(value);
  if (!old.empty() && IsQuote(old.front())) return QuotedYaml(value);
  if (!old.empty() && !yaml::ResolveKubernetesScalar(old).is_string()) {
    if (yaml::ResolveKubernetesScalar(value).is_string()) return std::nullopt;
    return std::string(value);
  }
  return QuotedYaml(value);
}

class Setter {
 public:
  Setter(std::string_view file, const SetterValues& values) : file_(file), values_(values) {}

  absl::StatusOr<std::string> Apply(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      ++line_;
      SLIPWAY_RETURN_IF_ERROR(ApplyLine(text.substr(at, end - at), out));
      if (end < text.size()) out.push_back('\n');
      at = end + 1;
    }
    return out;
  }

 private:
  absl::Status Invalid(const std::string& problem) const {
    return SourceInvalid(std::string(file_) + ":" + std::to_string(line_), problem);
  }

  absl::Status ApplyLine(std::string_view line, std::string& out) {
    const size_t mark = line.find(kMark);
    const size_t hash = mark == std::string_view::npos ? mark : line.rfind('#', mark);
    const bool comment = hash != std::string_view::npos && hash > 0 &&
                         Trim(line.substr(hash + 1, mark - hash - 1)).empty() &&
                         (line[hash - 1] == ' ' || line[hash - 1] == '\t');
    if (!comment) {
      out.append(line);
      return absl::OkStatus();
    }
    SLIPWAY_ASSIGN_OR_RETURN(const std::optional<std::string> value, ValueFor(line.substr(mark)));
    if (!value) {
      out.append(line);
      return absl::OkStatus();
    }
    const Line parts = TakeApart(line, hash);
    if (!parts.value.empty() && IsQuote(parts.value.front())) {
      if (EndOfQuotes(parts.value, 0) != parts.value.size())
        return Invalid("the value before the setter comment does not end on its line");
    } else if (!parts.value.empty() &&
               std::string_view("|>{[&*!").find(parts.value.front()) != std::string_view::npos) {
      return Invalid("a setter comment stands behind a value on one line, not behind \"" +
                     std::string(parts.value) + "\"");
    }
    const auto replaced = Replacement(parts.value, *value);
    if (!replaced) {
      return Invalid("\"" + *value + "\" can't take the place of " + std::string(parts.value) +
                     ", which is no text");
    }
    out.append(parts.before);
    // "image:" without a value, and then the comment.
    if (parts.value.empty() && !parts.before.empty() && parts.before.back() == ':') out += ' ';
    out.append(*replaced).append(parts.after);
    return absl::OkStatus();
  }

  // What the comment {"$slipway": "..."} asks for; empty: the value stays.
  absl::StatusOr<std::optional<std::string>> ValueFor(std::string_view comment) const {
    const auto parsed = json::Parse(Trim(comment));
    const auto setter = parsed.ok() ? json::GetString(*parsed, "$slipway") : std::nullopt;
    if (!setter) return Invalid("the setter comment is not like {\"$slipway\": \"image\"}");
    if (*setter == "image" || *setter == "image:name" || *setter == "image:digest") {
      if (values_.image.empty()) return std::nullopt;
      const ImageParts parts = SplitImage(values_.image);
      if (*setter == "image:name") return parts.name;
      return *setter == "image" ? values_.image : parts.digest;
    }
    if (*setter == "namespace") return values_.k8s_namespace;
    if (*setter == "environment") return values_.environment;
    if (setter->starts_with("env:")) {
      const auto found = values_.env.find(setter->substr(4));
      if (found != values_.env.end()) return found->second;
      return Invalid("spec.deploy.env has no \"" + setter->substr(4) + "\"");
    }
    return Invalid("there is no setter \"" + *setter +
                   "\"; there are image, image:name, image:digest, namespace, environment and "
                   "env:NAME");
  }

  std::string_view file_;
  const SetterValues& values_;
  int line_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ApplySetters(std::string_view file, std::string_view text,
                                         const SetterValues& values) {
  return Setter(file, values).Apply(text);
}

}  // namespace slipway::gitops
