#include "libs/kube/health.h"

#include "libs/kube/condition.h"
#include "libs/kube/health_rules.h"

namespace slipway::kube {
namespace {

constexpr char kNotTakenUp[] = "status.observedGeneration: the latest change is not taken up yet";

// The reason of the first pod that has one.
std::string ProblemBelow(const std::vector<Object>& children) {
  for (const Object& child : children) {
    if (child.deleting()) continue;
    if (child.kind() == "Pod") {
      std::string problem = PodProblem(child);
      if (!problem.empty()) return problem;
    } else if (const auto failure = FindCondition(child, "ReplicaFailure");
               failure && failure->status == "True") {
      return TextOf(*failure);
    }
  }
  return "";
}

Health Assess(const Object& object, const HealthOptions& options) {
  if (object.deleting()) return {HealthState::kProgressing, "pending deletion"};
  if (auto health = HealthByTable(object, options.rules)) {
    const boost::json::object* status = GetObject(object.body(), "status");
    const auto observed = status ? GetInt(*status, "observedGeneration") : std::nullopt;
    if (!observed || *observed >= object.generation()) return *health;
    return {HealthState::kProgressing, kNotTakenUp};
  }
  if (auto health = HealthByKind(object, options)) return *health;
  if (IsBuiltInGroup(object.gvk().group)) return {HealthState::kHealthy, ""};
  return HealthByConditions(object);
}

}  // namespace

Health HealthByConditions(const Object& object) {
  const boost::json::object* status = GetObject(object.body(), "status");
  const int64_t generation = object.generation();
  if (status != nullptr) {
    const auto observed = GetInt(*status, "observedGeneration");
    if (observed && *observed != generation) {
      return {HealthState::kProgressing, kNotTakenUp};
    }
  }
  // A condition of an older generation is none; that it is there says that a newer one will come.
  bool outdated = false;
  const auto find = [&](std::string_view type) {
    auto condition = FindCondition(object, type);
    if (condition && condition->observed_generation != 0 && generation != 0 &&
        condition->observed_generation < generation) {
      outdated = true;
      condition.reset();
    }
    return condition;
  };
  const auto reconciling = find("Reconciling");
  if (reconciling && reconciling->status == "True") {
    return {HealthState::kProgressing, TextOf(*reconciling)};
  }
  const auto stalled = find("Stalled");
  if (stalled && stalled->status == "True") return {HealthState::kDegraded, TextOf(*stalled)};
  const auto ready = find("Ready");
  if (ready && ready->status != "True") return {HealthState::kProgressing, TextOf(*ready)};
  if (!ready && outdated) {
    return {HealthState::kProgressing, "status.conditions: the latest change is not taken up yet"};
  }
  return {HealthState::kHealthy, ""};
}

Health AssessHealth(const Object& object, const HealthOptions& options,
                    const std::vector<Object>& children) {
  Health health = Assess(object, options);
  if (health.state != HealthState::kProgressing && health.state != HealthState::kDegraded) {
    return health;
  }
  const std::string problem = ProblemBelow(children);
  if (!problem.empty()) health.message += (health.message.empty() ? "" : ", ") + problem;
  return health;
}

}  // namespace slipway::kube
