#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct ApplyArgs {
  std::string file = {};  // "-": standard input
  bool dry_run = false;
};

// Checks all documents of a manifest, then applies one after another and says what became of each.
// Stops at the first that fails.
absl::Status Apply(Context& context, const ApplyArgs& args);

}  // namespace slipway::cli
