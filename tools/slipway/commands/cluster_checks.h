#pragma once

#include <boost/json.hpp>

#include "tools/slipway/commands/context.h"

namespace slipway::cli {

// Checks each Kubernetes cluster now and notes in it what the table of clusters shows:
// "check.server", "check.version" and "check.status" ("ready", or the stage that did not pass and
// its remedy). Who may not check gets none of them.
void AddChecks(Context& context, boost::json::array& clusters);

}  // namespace slipway::cli
