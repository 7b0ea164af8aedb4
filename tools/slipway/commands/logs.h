#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct LogsArgs {
  std::string name = {};  // RUN[/JOB[/STEP]], or what FindRun takes
  bool follow = false;
};

// Writes a run's log, job by job, as it is. With `follow`, as it grows, until the jobs have ended.
// In a run with one job a step may stand for the job.
absl::Status Logs(Context& context, const LogsArgs& args);

}  // namespace slipway::cli
