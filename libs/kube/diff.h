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

// What an apply of `desired` would change in `live`, as far as it can be told without asking the
// server: fields of the desired object that differ, and fields that the manager owns in the live
// one but that are desired no more. What others own doesn't appear. Values that the server writes
// in another way (quantities, defaults) do, so where it matters, compare with the answer to a dry
// run by DiffStates. The values of Secrets are masked.
std::vector<DiffLine> DiffOwned(const Object& desired, const Object& live,
                                std::string_view manager);

// All differences between two states of an object, without what a server counts by itself
// (managedFields, resourceVersion, generation, status). The values of Secrets are masked.
std::vector<DiffLine> DiffStates(const Object& before, const Object& after);

}  // namespace slipway::kube
