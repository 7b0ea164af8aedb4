#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"

namespace slipway::runner {

// An anonymous file in memory with `content`, positioned at its start: how scripts, secrets and
// credentials reach a child without an argument, an environment variable or a file on disk.
absl::StatusOr<UniqueFd> MemoryFile(const std::string& name, std::string_view content);

}  // namespace slipway::runner
