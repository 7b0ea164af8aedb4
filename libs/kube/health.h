#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/kube/object.h"

namespace slipway::kube {

// Argo CD's words, from best to worst.
enum class HealthState { kHealthy, kSuspended, kProgressing, kMissing, kDegraded, kUnknown };

std::string_view HealthName(HealthState state);  // "Healthy"

// How an object is. The message names field and reason: "1 of 3 updated, image pull back-off";
// empty where there is nothing to say. A value.
struct Health {
  HealthState state = HealthState::kUnknown;
  std::string message = {};
};

// A question about one place of an object. A value.
struct HealthCondition {
  enum class Operator { kExists, kAbsent, kIn, kNotIn, kLess, kAtLeast };

  // "status.phase", "status.conditions[type=Ready].status", "status.nodes[0].phase",
  // "metadata.annotations['a.b/c']".
  std::string path = {};
  Operator op = Operator::kExists;
  // kIn and kNotIn: texts; kLess and kAtLeast: a number, or the path of one.
  std::vector<std::string> values = {};
};

// One row of a table that says how objects of a kind are, before the built-in rules are asked. A
// value.
struct HealthRule {
  std::string group = {}, kind = {};
  HealthState state = HealthState::kUnknown;
  std::vector<HealthCondition> when = {};  // all must hold
  std::string message = {};                // "{PATH}" stands for what is there
};

// Rules as a cluster's definition has them in JSON (slipway.pipeline.v1.HealthRule). All mistakes
// at once: INVALID_ARGUMENT with field violations such as "healthRules[0].when[1].path".
absl::StatusOr<std::vector<HealthRule>> ParseHealthRules(const boost::json::value& table);

struct HealthOptions {
  // Some controllers never fill in an Ingress' address.
  bool ingress_without_address_is_healthy = false;
  // The first that holds wins; where none holds, the built-in rules go on.
  std::vector<HealthRule> rules = {};
};

// How the object is, by Argo CD's rules for the kinds that Kubernetes brings itself, and for others
// by what their status says of itself: observedGeneration, then the conditions Reconciling, Stalled
// and Ready. A status of an older generation than the object's says nothing: the object is
// progressing. What has no health, like a ConfigMap, is healthy. `children` are pods (and
// ReplicaSets) below the object, when the caller has them: they lend the message their reasons.
Health AssessHealth(const Object& object, const HealthOptions& options = {},
                    const std::vector<Object>& children = {});

// The worse of two.
inline HealthState Worse(HealthState a, HealthState b) { return a < b ? b : a; }

}  // namespace slipway::kube
