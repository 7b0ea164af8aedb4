#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/kube/health.h"
#include "libs/kube/health_rules.h"

namespace slipway::kube {
namespace {

using Operator = HealthCondition::Operator;

constexpr size_t kMaxPath = 512;
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxRules = 500;

// The words of slipway.pipeline.v1.HealthRule.
constexpr std::array<std::pair<std::string_view, HealthState>, 4> kStates = {
    {{"HEALTHY", HealthState::kHealthy},
     {"PROGRESSING", HealthState::kProgressing},
     {"DEGRADED", HealthState::kDegraded},
     {"SUSPENDED", HealthState::kSuspended}}};

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

std::string TextOf(const boost::json::value& value) {
  return value.is_string() ? std::string(View(value.get_string())) : boost::json::serialize(value);
}

std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> NumberAt(const boost::json::object& body, const std::string& path) {
  const boost::json::value* found = AtPath(body, path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

bool Holds(const HealthCondition& condition, const boost::json::object& body) {
  const boost::json::value* found = AtPath(body, condition.path);
  const bool there = found != nullptr && !found->is_null();
  const std::vector<std::string>& values = condition.values;
  switch (condition.op) {
    case Operator::kExists:
      return there;
    case Operator::kAbsent:
      return !there;
    case Operator::kIn:
      return there && std::find(values.begin(), values.end(), TextOf(*found)) != values.end();
    case Operator::kNotIn:
      return !there || std::find(values.begin(), values.end(), TextOf(*found)) == values.end();
    case Operator::kLess:
    case Operator::kAtLeast: {
      const auto here = NumberAt(body, condition.path);
      const auto given = NumberIn(values[0]);
      const auto other = given ? given : NumberAt(body, values[0]);
      return here && other && (*here < *other) == (condition.op == Operator::kLess);
    }
  }
  return false;
}

bool Holds(const HealthRule& rule, const boost::json::object& body) {
  return std::all_of(rule.when.begin(), rule.when.end(),
                     [&](const HealthCondition& condition) { return Holds(condition, body); });
}

// What AtPath would always find nothing for.
bool IsPath(std::string_view path) {
  if (path.empty() || path.size() > kMaxPath || path.front() == '[' || path.front() == '.') {
    return false;
  }
  while (!path.empty()) {
    if (path.front() == '[') {
      const size_t end = path.find(']');
      if (end == std::string_view::npos || end == 1) return false;
      path.remove_prefix(end + 1);
      if (!path.empty() && path.front() != '.' && path.front() != '[') return false;
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const size_t end = std::min(path.find_first_of(".[]"), path.size());
      if (end == 0 || (end < path.size() && path[end] == ']')) return false;
      path.remove_prefix(end);
    }
  }
  return true;
}

// Reads one table; the mistakes of all its rows are kept.
class Reader {
 public:
  HealthRule Rule(const boost::json::value& value, const std::string& at) {
    HealthRule rule;
    const boost::json::object* row = value.if_object();
    if (row == nullptr) {
      Add(at, "must be a mapping");
      return rule;
    }
    rule.group = GetString(*row, "group");
    rule.kind = GetString(*row, "kind");
    rule.message = GetString(*row, "message");
    if (rule.kind.empty()) Add(at + ".kind", "name the kind, such as \"Certificate\"");
    CheckMessage(rule.message, at + ".message");
    const std::string_view state = GetString(*row, "state");
    const auto* found = std::find_if(kStates.begin(), kStates.end(),
                                     [&](const auto& each) { return each.first == state; });
    if (found == kStates.end()) {
      Add(at + ".state", "must be HEALTHY, PROGRESSING, DEGRADED or SUSPENDED");
    } else {
      rule.state = found->second;
    }
    const boost::json::value* when = Get(*row, "when");
    const boost::json::array* conditions = when == nullptr ? nullptr : when->if_array();
    if (conditions == nullptr || conditions->empty()) {
      Add(at + ".when", "say when it holds: [{path: status.phase, in: [Failed]}]");
      return rule;
    }
    for (size_t i = 0; i < conditions->size(); ++i) {
      rule.when.push_back(Condition((*conditions)[i], at + ".when[" + std::to_string(i) + "]"));
    }
    return rule;
  }

  void Add(const std::string& field, const std::string& problem) {
    mistakes_.push_back({field, problem});
  }

  absl::Status Result() const {
    if (mistakes_.empty()) return absl::OkStatus();
    ErrorDetails details{.reason = "INVALID_FIELD", .metadata = {}, .field_violations = mistakes_};
    return MakeError(absl::StatusCode::kInvalidArgument,
                     mistakes_[0].field + ": " + mistakes_[0].description, std::move(details));
  }

 private:
  HealthCondition Condition(const boost::json::value& value, const std::string& at) {
    HealthCondition condition;
    const boost::json::object* row = value.if_object();
    if (row == nullptr) {
      Add(at, "must be a mapping");
      return condition;
    }
    condition.path = GetString(*row, "path");
    if (!IsPath(condition.path)) {
      Add(at + ".path", "must be a path like status.conditions[type=Ready].status");
    }
    int given = 0;
    if (const boost::json::value* exists = Get(*row, "exists")) {
      ++given;
      const bool wanted = exists->is_bool() && exists->get_bool();
      condition.op = wanted ? Operator::kExists : Operator::kAbsent;
    }
    for (const auto& [name, op] : {std::pair("in", Operator::kIn), {"notIn", Operator::kNotIn}}) {
      const boost::json::value* list = Get(*row, name);
      if (list == nullptr || !list->is_array() || list->get_array().empty()) continue;
      ++given;
      condition.op = op;
      for (const boost::json::value& text : list->get_array()) {
        condition.values.push_back(TextOf(text));
      }
    }
    for (const auto& [name, op] :
         {std::pair("lessThan", Operator::kLess), {"atLeast", Operator::kAtLeast}}) {
      const std::string_view limit = GetString(*row, name);
      if (limit.empty()) continue;
      ++given;
      condition.op = op;
      condition.values = {std::string(limit)};
      if (!NumberIn(limit) && !IsPath(limit)) {
        Add(at + "." + name, "must be a number, or the path of one");
      }
    }
    if (given != 1) Add(at, "must have exactly one of exists, in, notIn, lessThan and atLeast");
    return condition;
  }

  void CheckMessage(const std::string& message, const std::string& at) {
    if (message.size() > kMaxMessage) Add(at, "is longer than 1024 bytes");
    for (size_t open = message.find('{'); open != std::string::npos;) {
      const size_t close = message.find('}', open);
      if (close == std::string::npos || !IsPath(message.substr(open + 1, close - open - 1))) {
        return Add(at, "has a {PATH} that is none");
      }
      open = message.find('{', close);
    }
  }

  std::vector<ErrorDetails::FieldViolation> mistakes_;
};

// The message with what the object has at its paths.
std::string Filled(const std::string& message, const boost::json::object& body) {
  std::string text;
  size_t from = 0;
  while (from < message.size()) {
    const size_t open = message.find('{', from);
    const size_t close = open == std::string::npos ? open : message.find('}', open);
    if (close == std::string::npos) break;
    text += message.substr(from, open - from);
    const boost::json::value* value = AtPath(body, message.substr(open + 1, close - open - 1));
    if (value != nullptr) text += Truncate(TextOf(*value), 200);
    from = close + 1;
  }
  return text + message.substr(from);
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
  if (rows->size() > kMaxRules) {
    return InvalidField("healthRules", "has more than " + std::to_string(kMaxRules) + " entries");
  }
  std::vector<HealthRule> rules;
  Reader reader;
  for (size_t i = 0; i < rows->size(); ++i) {
    rules.push_back(reader.Rule((*rows)[i], "healthRules[" + std::to_string(i) + "]"));
  }
  absl::Status mistakes = reader.Result();
  if (!mistakes.ok()) return mistakes;
  return rules;
}

std::optional<Health> HealthByTable(const Object& object, const std::vector<HealthRule>& rules) {
  if (rules.empty()) return std::nullopt;
  const Gvk gvk = object.gvk();
  for (const HealthRule& rule : rules) {
    if (rule.kind != gvk.kind || rule.group != gvk.group) continue;
    if (Holds(rule, object.body())) return Health{rule.state, Filled(rule.message, object.body())};
  }
  return std::nullopt;
}

}  // namespace slipway::kube
