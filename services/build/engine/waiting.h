#pragma once

#include <vector>

#include "absl/status/status.h"
#include "libs/db/tx.h"
#include "services/build/domain/records.h"
#include "services/build/engine/core.h"

namespace slipway::build {

// Puts into the reasons of pending jobs what they wait for at this moment, and into the run's what
// it waits for as a whole.
absl::Status ExplainWaiting(Core& core, db::Tx& tx, RunRecord& run, std::vector<JobRecord>& jobs);

}  // namespace slipway::build
