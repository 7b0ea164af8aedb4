#include "libs/rpc/paging.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/rpc/errors.h"

namespace slipway::rpc {
namespace {

constexpr size_t kMarkSize = 16;
constexpr size_t kMostPlace = 512;

std::string MarkOf(std::string_view list) { return Sha256Hex(list).substr(0, kMarkSize); }

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked, int standard, int most) {
  if (asked < 0) return InvalidField("pageSize", "must not be negative");
  return asked == 0 ? standard : std::min(asked, most);
}

std::string PageToken(std::string_view list, std::string_view place) {
  return Base64UrlEncode(MarkOf(list) + std::string(place));
}

absl::StatusOr<std::string> ReadPageToken(std::string_view list, std::string_view token) {
  if (token.empty()) return std::string();
  const auto text = Base64UrlDecode(token);
  if (!text || text->size() <= kMarkSize || text->size() > kMarkSize + kMostPlace ||
      text->substr(0, kMarkSize) != MarkOf(list)) {
    return BadPageToken();
  }
  std::string place = text->substr(kMarkSize);
  if (place.find('\0') != std::string::npos || ToValidUtf8(place) != place) return BadPageToken();
  return place;
}

std::string PageToken(std::string_view list, const TimePlace& place) {
  return PageToken(list, std::to_string(absl::ToUnixMicros(place.time)) + " " + place.id);
}

absl::StatusOr<std::optional<TimePlace>> ReadTimePageToken(std::string_view list,
                                                           std::string_view token) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string place, ReadPageToken(list, token));
  if (place.empty()) return std::optional<TimePlace>();
  const size_t space = place.find(' ');
  int64_t micros = 0;
  if (space == std::string::npos || !absl::SimpleAtoi(place.substr(0, space), &micros))
    return BadPageToken();
  return std::optional<TimePlace>({absl::FromUnixMicros(micros), place.substr(space + 1)});
}

}  // namespace slipway::rpc
