#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/object.h"

namespace slipway::kube {

// One difference, for people. A value.
struct DiffLine {
  std::string path = {};                   // "spec.template.spec.containers[name=web].image"
  std::optional<std::string> before = {};  // as JSON; empty: not there
  std::optional<std::string> after = {};

  // "spec.replicas: 2 -> 3", "+ spec.paused: true", "- metadata.labels.team: \"x\"".
  std::string Text() const;
};

// All differences between two states of an object, without what a server counts by itself
// (managedFields, resourceVersion, generation, status). The values of Secrets are masked.
std::vector<DiffLine> DiffStates(const Object& before, const Object& after);

}  // namespace slipway::kube
