#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::build {

// Place in a list that is ordered by time and id, newest first. The token is opaque and belongs to
// the filter of the request that it came from.
struct Place {
  absl::Time time = {};
  std::string id = {};
};

std::string PageToken(const std::string& filter, const Place& place);
// Nothing for an empty token. INVALID_ARGUMENT for one of another list or filter.
absl::StatusOr<std::optional<Place>> ReadPageToken(const std::string& filter,
                                                   const std::string& token);

// 0: `standard`. INVALID_ARGUMENT below 0; at most `most`.
absl::StatusOr<int> PageSize(int asked, int standard, int most);

}  // namespace slipway::build
