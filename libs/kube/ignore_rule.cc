#include "libs/kube/ignore_rule.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::kube {
namespace {

constexpr size_t kMaxGlob = 256;
constexpr size_t kMaxPointer = 1024;
constexpr size_t kMaxEntries = 100;

bool HasBlanks(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
}

// A "~" of a pointer is the begin of "~0" or "~1".
bool IsEscaped(std::string_view pointer) {
  for (size_t i = pointer.find('~'); i != std::string_view::npos; i = pointer.find('~', i + 1)) {
    if (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> PointerSteps(std::string_view pointer) {
  if (!pointer.starts_with('/')) return {};
  std::vector<std::string> steps = Split(pointer.substr(1), '/');
  for (std::string& step : steps) {
    std::string plain;
    for (size_t i = 0; i < step.size(); ++i) {
      const bool escaped = step[i] == '~' && i + 1 < step.size();
      if (escaped && (step[i + 1] == '0' || step[i + 1] == '1')) {
        plain += step[++i] == '0' ? '~' : '/';
      } else {
        plain += step[i];
      }
    }
    step = std::move(plain);
  }
  return steps;
}

bool IsIdentity(const std::vector<std::string>& steps) {
  if (steps.size() == 1) {
    return steps[0] == "apiVersion" || steps[0] == "kind" || steps[0] == "metadata";
  }
  return steps.size() == 2 && steps[0] == "metadata" &&
         (steps[1] == "name" || steps[1] == "namespace");
}

absl::Status ValidateIgnoreRule(const IgnoreRule& rule) {
  std::vector<ErrorDetails::FieldViolation> mistakes;
  const auto add = [&](const std::string& field, const std::string& problem) {
    mistakes.push_back({field, problem});
  };
  const auto check_word = [&](const std::string& field, const std::string& word) {
    if (word.size() > kMaxGlob || HasBlanks(word)) {
      add(field, "may have up to 256 bytes, without spaces and control characters");
    }
  };
  check_word("group", rule.group);
  check_word("kind", rule.kind);
  check_word("namespace", rule.ns);
  check_word("name", rule.name);
  for (size_t i = 0; i < rule.json_pointers.size(); ++i) {
    const std::string& pointer = rule.json_pointers[i];
    const std::vector<std::string> steps = PointerSteps(pointer);
    const std::string shown = "\"" + Truncate(pointer, 100) + "\" ";
    const std::string field = "jsonPointers[" + std::to_string(i) + "]";
    if (steps.empty() || !IsEscaped(pointer) || pointer.size() > kMaxPointer) {
      add(field, shown + "is no JSON pointer like /spec/replicas");
    } else if (IsIdentity(steps)) {
      add(field, shown + "is the object's identity and can't be ignored");
    }
  }
  for (size_t i = 0; i < rule.managers.size(); ++i) {
    const std::string field = "managedFieldsManagers[" + std::to_string(i) + "]";
    check_word(field, rule.managers[i]);
    if (rule.managers[i].empty()) add(field, "is empty: name a field manager");
  }
  if (rule.json_pointers.size() > kMaxEntries || rule.managers.size() > kMaxEntries) {
    add("jsonPointers", "has more than " + std::to_string(kMaxEntries) + " entries");
  }
  if (rule.json_pointers.empty() && rule.managers.empty()) {
    add("jsonPointers", "name what to ignore: jsonPointers, managedFieldsManagers, or both");
  }
  if (mistakes.empty()) return absl::OkStatus();
  const std::string text = mistakes[0].field + ": " + mistakes[0].description;
  return MakeError(
      absl::StatusCode::kInvalidArgument, text,
      {.reason = "INVALID_FIELD", .metadata = {}, .field_violations = std::move(mistakes)});
}

}  // namespace slipway::kube
