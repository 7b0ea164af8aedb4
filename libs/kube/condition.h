#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/kube/object.h"

namespace slipway::kube {

// An entry of status.conditions. Its views live as long as the object.
struct Condition {
  std::string_view status = {};  // "True", "False", "Unknown"
  std::string_view reason = {};
  std::string_view message = {};
  int64_t observed_generation = 0;  // 0: doesn't say
};

// The condition of that type in status.conditions.
std::optional<Condition> FindCondition(const Object& object, std::string_view type);

// "Reason: message", or what there is of the two.
std::string TextOf(const Condition& condition);

// "CrashLoopBackOff" as a person writes it: "crash loop back-off".
std::string Words(std::string_view camel_case);

// Why a pod doesn't run: what a container waits for, or how it ended, or why no node takes it.
// Empty: nothing to say.
std::string PodProblem(const Object& pod);

}  // namespace slipway::kube
