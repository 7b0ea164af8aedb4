#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Pages of lists (AIP-158). A token says where the next page begins. It is opaque and bound to
// `list`: a text of what is listed with all its filters, so that a token of another question is
// refused. It is not signed: what it says may come from anybody.
namespace slipway::rpc {

// Entries of a page: `standard` for 0, at most `most`; INVALID_ARGUMENT below 0.
absl::StatusOr<int> PageSize(int32_t asked, int standard, int most);

// `place` is the list's own, such as the last id shown.
std::string PageToken(std::string_view list, std::string_view place);
// The place; empty for an empty token, which is the first page. PAGE_TOKEN for a token of another
// list, or of none. The place is valid UTF-8 without NUL, at most 512 bytes.
absl::StatusOr<std::string> ReadPageToken(std::string_view list, std::string_view token);

// A place in a list that is ordered by time and id.
struct TimePlace {
  absl::Time time = {};  // to the microsecond
  std::string id = {};
};

std::string PageToken(std::string_view list, const TimePlace& place);
absl::StatusOr<std::optional<TimePlace>> ReadTimePageToken(std::string_view list,
                                                           std::string_view token);

}  // namespace slipway::rpc
