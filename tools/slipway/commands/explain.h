#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

// The way of one thing through all services: a run, job, delivery or deployment; a bare app stands
// for its newest run.
absl::Status Timeline(Context& context, const std::string& name);

// The decisions about one delivery, run, job, deployment or image.
absl::Status Why(Context& context, const std::string& kind, const std::string& name);

}  // namespace slipway::cli
