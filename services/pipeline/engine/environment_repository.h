#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/db/tx.h"
#include "services/pipeline/domain/violations.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {

// An environment that names a repository for what is deployed there: each app that is deployed
// there by that must have one of this name. Adds a mistake for each that has not.
absl::Status CheckEnvironmentRepository(db::Tx& tx, const v1::Environment& environment,
                                        const std::string& name, Violations* violations);

}  // namespace slipway::pipeline
