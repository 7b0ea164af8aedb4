#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/process/process_spec.h"

namespace slipway::git {

// The cause of a failed network command of git, read from how it ended and from its English
// messages. OK for a command that succeeded. Pure.
absl::Status RemoteStatus(std::string_view url, const process::ProcessResult& result);

// The same for `git push --porcelain` of one ref: also reads the ref's line on stdout.
absl::Status PushStatus(std::string_view url, std::string_view ref,
                        const process::ProcessResult& result);

}  // namespace slipway::git
