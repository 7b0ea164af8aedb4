#pragma once

#include <optional>
#include <vector>

#include "libs/kube/health.h"

namespace slipway::kube {

// The parts of AssessHealth; nothing else needs them.

// By the first row of the table that holds.
std::optional<Health> HealthByTable(const Object& object, const std::vector<HealthRule>& rules);

// By Argo CD's rule for the kind; empty where Argo CD has none.
std::optional<Health> HealthByKind(const Object& object, const HealthOptions& options);

// By what the status says of itself, for kinds that somebody defined.
Health HealthByConditions(const Object& object);

}  // namespace slipway::kube
