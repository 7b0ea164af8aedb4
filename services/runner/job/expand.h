#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::runner {

// `text` with $NAME and ${NAME} replaced by variables; "$$" stands for "$", and a "$" before
// anything else stays. No shell is involved. INVALID_ARGUMENT that names an unknown variable and
// the nearest known one.
absl::StatusOr<std::string> Expand(std::string_view text,
                                   const std::map<std::string, std::string>& variables);

}  // namespace slipway::runner
