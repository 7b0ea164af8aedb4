#pragma once

#include "absl/status/status.h"
#include "libs/db/tx.h"
#include "libs/events/event.h"
#include "services/build/engine/core.h"

namespace slipway::build {

// Applies an event of the pipeline service. app.deleting: its runs are cancelled, its history is
// hidden, and the deletion is confirmed once the last run has ended. Everything else is passed
// over.
absl::Status ApplyPipelineEvent(Core& core, db::Tx& tx, const events::Event& event);

}  // namespace slipway::build
