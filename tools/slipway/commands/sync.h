#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

// What people say about syncing an app in an environment; `where` is APP/ENVIRONMENT. Each shows
// how it stands then.
absl::Status SuspendSync(Context& context, const std::string& where);
absl::Status ResumeSync(Context& context, const std::string& where);
// With `prune`, what it deletes is confirmed.
absl::Status SyncNow(Context& context, const std::string& where, bool prune);

// What stands against applying Git: for APP/ENVIRONMENT, or for each environment of APP.
absl::Status WhySync(Context& context, const std::string& typed);

}  // namespace slipway::cli
