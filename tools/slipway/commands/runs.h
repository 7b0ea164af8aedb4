#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct RunArgs {
  std::string workflow = {};  // APP/WORKFLOW
  std::string commit = {};
  std::string ref = {};
  std::vector<std::string> variables = {};  // KEY=VALUE
  bool ignore_cache = false;
  bool wait = false;
};
// Starts a run. With `wait`, follows it to its end: FAILED_PRECONDITION unless it passed.
absl::Status Run(Context& context, const RunArgs& args);

struct RunsArgs {
  std::string app = {};  // "": all of the project
  std::string branch = {};
  std::string status = {};
  std::string by = {};
  size_t limit = 20;
};
absl::Status Runs(Context& context, const RunsArgs& args);

absl::Status Cancel(Context& context, const std::string& run);
absl::Status Retry(Context& context, const std::string& run, bool wait);

// The resource name of a run for "APP/WORKFLOW#N", "APP/WORKFLOW" (its newest) or "[PROJECT/]APP"
// (the app's newest). NOT_FOUND if there is none yet.
absl::StatusOr<std::string> FindRun(Context& context, const std::string& typed);

}  // namespace slipway::cli
