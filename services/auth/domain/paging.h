#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace slipway::auth {

// Entries of a page: 100 for 0, at most 1000; INVALID_ARGUMENT for a negative size.
absl::StatusOr<int> PageSize(int32_t asked);
// The id to go on after, from an opaque token; INVALID_ARGUMENT for a token that is none of ours.
absl::StatusOr<std::string> AfterOf(const std::string& page_token);
std::string PageToken(const std::string& last_id);

}  // namespace slipway::auth
