#include "libs/kube/condition.h"

#include <cctype>

#include "libs/base/strings.h"

namespace slipway::kube {
namespace {

constexpr size_t kMaxMessage = 300;

std::string Ended(const boost::json::object& terminated) {
  std::string text = Words(GetString(terminated, "reason"));
  if (text.empty()) text = "ended";
  if (const auto code = GetInt(terminated, "exitCode")) {
    text += " with exit code " + std::to_string(*code);
  }
  const std::string_view message = GetString(terminated, "message");
  if (!message.empty()) text += ": " + Truncate(Trim(message), kMaxMessage);
  return text;
}

std::string ContainerProblem(const boost::json::object& container) {
  const boost::json::object* state = GetObject(container, "state");
  if (state == nullptr) return "";
  if (const boost::json::object* waiting = GetObject(*state, "waiting")) {
    const std::string_view reason = GetString(*waiting, "reason");
    if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing") return "";
    return Words(reason);
  }
  const boost::json::object* terminated = GetObject(*state, "terminated");
  if (terminated != nullptr && GetInt(*terminated, "exitCode").value_or(0) != 0) {
    return Ended(*terminated);
  }
  return "";
}

}  // namespace

std::optional<Condition> FindCondition(const Object& object, std::string_view type) {
  const boost::json::object* status = GetObject(object.body(), "status");
  const boost::json::array* conditions = status ? GetArray(*status, "conditions") : nullptr;
  if (conditions == nullptr) return std::nullopt;
  for (const boost::json::value& item : *conditions) {
    const boost::json::object* condition = item.if_object();
    if (condition == nullptr || GetString(*condition, "type") != type) continue;
    return Condition{GetString(*condition, "status"), GetString(*condition, "reason"),
                     GetString(*condition, "message"),
                     GetInt(*condition, "observedGeneration").value_or(0)};
  }
  return std::nullopt;
}

std::string TextOf(const Condition& condition) {
  std::string text(condition.reason);
  if (!condition.message.empty()) {
    if (!text.empty()) text += ": ";
    text += Truncate(Trim(condition.message), kMaxMessage);
  }
  return text;
}

std::string Words(std::string_view camel_case) {
  std::string words;
  for (size_t i = 0; i < camel_case.size(); ++i) {
    const char c = camel_case[i];
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    const bool after_lower =
        i > 0 && std::islower(static_cast<unsigned char>(camel_case[i - 1])) != 0;
    const bool before_lower = i + 1 < camel_case.size() &&
                              std::islower(static_cast<unsigned char>(camel_case[i + 1])) != 0;
    if (upper && i > 0 && (after_lower || before_lower)) words += ' ';
    // OOM stays as it is; the first letter of a word doesn't.
    words += upper && (before_lower || after_lower)
                 ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                 : c;
  }
  constexpr std::string_view kBackOff = "back off";
  if (words.ends_with(kBackOff))
    words.replace(words.size() - kBackOff.size(), std::string::npos, "back-off");
  return words;
}

std::string PodProblem(const Object& pod) {
  const boost::json::object* status = GetObject(pod.body(), "status");
  if (status == nullptr) return "";
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    const boost::json::array* containers = GetArray(*status, list);
    if (containers == nullptr) continue;
    for (const boost::json::value& container : *containers) {
      if (!container.is_object()) continue;
      std::string problem = ContainerProblem(container.get_object());
      if (!problem.empty()) return problem;
    }
  }
  const auto scheduled = FindCondition(pod, "PodScheduled");
  if (scheduled && scheduled->status == "False" && scheduled->reason == "Unschedulable") {
    return "no node takes the pod: " + Truncate(Trim(scheduled->message), kMaxMessage);
  }
  if (GetString(*status, "phase") == "Failed") {
    std::string text = Words(GetString(*status, "reason"));
    const std::string_view message = GetString(*status, "message");
    if (!message.empty()) text += (text.empty() ? "" : ": ") + Truncate(Trim(message), kMaxMessage);
    return text;
  }
  return "";
}

}  // namespace slipway::kube
