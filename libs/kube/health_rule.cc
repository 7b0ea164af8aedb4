#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "libs/base/strings.h"
#include "libs/kube/errors.h"
#include "libs/kube/health.h"
#include "libs/kube/health_rules.h"

namespace slipway::kube {
namespace {

using Operator = HealthRule::Operator;

constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {
    {{"=", Operator::kEquals},
     {"!=", Operator::kNotEquals},
     {"exists", Operator::kExists},
     {"absent", Operator::kAbsent},
     {"<", Operator::kLess},
     {">=", Operator::kAtLeast}}};

constexpr std::array<HealthState, 6> kStates = {HealthState::kHealthy,     HealthState::kSuspended,
                                                HealthState::kProgressing, HealthState::kMissing,
                                                HealthState::kDegraded,    HealthState::kUnknown};

// The item of an array that "[0]" or "[type=Ready]" names; of an object "['a.b/c']".
const boost::json::value* Bracket(const boost::json::value& value, std::string_view inside) {
  if (inside.size() >= 2 && inside.front() == '\'' && inside.back() == '\'') {
    const boost::json::object* object = value.if_object();
    return object ? Get(*object, inside.substr(1, inside.size() - 2)) : nullptr;
  }
  const boost::json::array* array = value.if_array();
  if (array == nullptr) return nullptr;
  if (const size_t equals = inside.find('='); equals != std::string_view::npos) {
    for (const boost::json::value& item : *array) {
      if (item.is_object() &&
          GetString(item.get_object(), inside.substr(0, equals)) == inside.substr(equals + 1)) {
        return &item;
      }
    }
    return nullptr;
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  if (error != std::errc() || end != inside.data() + inside.size() || index >= array->size()) {
    return nullptr;
  }
  return &(*array)[index];
}

const boost::json::value* AtPath(const boost::json::object& body, std::string_view path) {
  const boost::json::value* value = nullptr;
  while (!path.empty()) {
    if (path.front() == '[') {
      const size_t end = path.find(']');
      if (end == std::string_view::npos || value == nullptr) return nullptr;
      value = Bracket(*value, path.substr(1, end - 1));
      path.remove_prefix(end + 1);
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const size_t end = std::min(path.find_first_of(".["), path.size());
      const boost::json::object* object = value == nullptr ? &body : value->if_object();
      value = object == nullptr ? nullptr : Get(*object, path.substr(0, end));
      path.remove_prefix(end);
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

bool Holds(const HealthRule& rule, const boost::json::object& body,
           const boost::json::value* found) {
  switch (rule.op) {
    case Operator::kEquals:
      return found != nullptr && *found == rule.value;
    case Operator::kNotEquals:
      return found == nullptr || *found != rule.value;
    case Operator::kExists:
      return found != nullptr && !found->is_null();
    case Operator::kAbsent:
      return found == nullptr || found->is_null();
    case Operator::kLess:
    case Operator::kAtLeast: {
      const boost::json::value* other = &rule.value;
      if (rule.value.is_string()) other = AtPath(body, View(rule.value.get_string()));
      if (found == nullptr || other == nullptr || !found->is_number() || !other->is_number()) {
        return false;
      }
      const bool less = found->to_number<double>() < other->to_number<double>();
      return less == (rule.op == Operator::kLess);
    }
  }
  return false;
}

absl::StatusOr<HealthRule> ParseRule(const boost::json::value& value, size_t index) {
  const boost::json::object* row = value.if_object();
  if (row == nullptr) return InvalidHealthRule(index, "must be an object");
  HealthRule rule;
  rule.group = GetString(*row, "group");
  rule.kind = GetString(*row, "kind");
  rule.path = GetString(*row, "path");
  rule.message = GetString(*row, "message");
  if (rule.kind.empty()) return InvalidHealthRule(index, "kind is missing");
  if (rule.path.empty()) return InvalidHealthRule(index, "path is missing");

  const std::string_view op = GetString(*row, "operator");
  const auto* found_op = std::find_if(kOperators.begin(), kOperators.end(),
                                      [&](const auto& entry) { return entry.first == op; });
  if (found_op == kOperators.end()) {
    return InvalidHealthRule(index, "operator must be one of =, !=, exists, absent, <, >=");
  }
  rule.op = found_op->second;
  const bool needs_value = rule.op != Operator::kExists && rule.op != Operator::kAbsent;
  if (const boost::json::value* wanted = Get(*row, "value")) rule.value = *wanted;
  if (needs_value && !row->contains("value")) return InvalidHealthRule(index, "value is missing");
  if ((rule.op == Operator::kLess || rule.op == Operator::kAtLeast) && !rule.value.is_number() &&
      !rule.value.is_string()) {
    return InvalidHealthRule(index, "value must be a number, or the path of one");
  }
  const std::string_view state = GetString(*row, "state");
  const auto* found_state = std::find_if(
      kStates.begin(), kStates.end(), [&](HealthState each) { return HealthName(each) == state; });
  if (found_state == kStates.end()) {
    return InvalidHealthRule(index,
                             "state must be one of Healthy, Suspended, Progressing, Missing, "
                             "Degraded, Unknown");
  }
  rule.state = *found_state;
  return rule;
}

std::string Filled(std::string message, const boost::json::value* value) {
  const size_t at = message.find("{}");
  if (at == std::string::npos) return message;
  std::string text;
  if (value != nullptr) {
    text = value->is_string() ? std::string(View(value->get_string()))
                              : boost::json::serialize(*value);
  }
  return message.replace(at, 2, Truncate(text, 200));
}

}  // namespace

std::string_view HealthName(HealthState state) {
  switch (state) {
    case HealthState::kHealthy:
      return "Healthy";
    case HealthState::kSuspended:
      return "Suspended";
    case HealthState::kProgressing:
      return "Progressing";
    case HealthState::kMissing:
      return "Missing";
    case HealthState::kDegraded:
      return "Degraded";
    case HealthState::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

absl::StatusOr<std::vector<HealthRule>> ParseHealthRules(const boost::json::value& table) {
  const boost::json::array* rows = table.if_array();
  if (rows == nullptr) return InvalidField("healthRules", "must be a list");
  std::vector<HealthRule> rules;
  for (size_t i = 0; i < rows->size(); ++i) {
    auto rule = ParseRule((*rows)[i], i);
    if (!rule.ok()) return rule.status();
    rules.push_back(*std::move(rule));
  }
  return rules;
}

std::optional<Health> HealthByTable(const Object& object, const std::vector<HealthRule>& rules) {
  if (rules.empty()) return std::nullopt;
  const Gvk gvk = object.gvk();
  for (const HealthRule& rule : rules) {
    if (rule.kind != gvk.kind || rule.group != gvk.group) continue;
    const boost::json::value* found = AtPath(object.body(), rule.path);
    if (Holds(rule, object.body(), found)) return Health{rule.state, Filled(rule.message, found)};
  }
  return std::nullopt;
}

}  // namespace slipway::kube
