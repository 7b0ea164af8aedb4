#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

// What an app has on its cluster, as a tree; `where` is APP/ENVIRONMENT.
absl::Status ShowTree(Context& context, const std::string& where);

// What a sync would change. Values of Secrets are masked by the server.
absl::Status ShowDiff(Context& context, const std::string& where);

// Whether a cluster can be used, stage by stage. FAILED_PRECONDITION when it can't.
absl::Status CheckCluster(Context& context, const std::string& cluster);

}  // namespace slipway::cli
