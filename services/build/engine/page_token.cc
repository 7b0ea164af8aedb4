#include "services/build/engine/page_token.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::build {
namespace {

std::string FilterMark(const std::string& filter) { return Sha256Hex(filter).substr(0, 16); }

}  // namespace

std::string PageToken(const std::string& filter, const Place& place) {
  return Base64UrlEncode(FilterMark(filter) + " " + std::to_string(absl::ToUnixMicros(place.time)) +
                         " " + place.id);
}

absl::StatusOr<std::optional<Place>> ReadPageToken(const std::string& filter,
                                                   const std::string& token) {
  if (token.empty()) return std::optional<Place>();
  const std::vector<std::string> parts = Split(Base64UrlDecode(token).value_or(""), ' ');
  int64_t micros = 0;
  if (parts.size() != 3 || parts[0] != FilterMark(filter) || !absl::SimpleAtoi(parts[1], &micros)) {
    return InvalidField("page_token", "does not belong to this list; leave it out to start anew");
  }
  return std::optional<Place>(Place{absl::FromUnixMicros(micros), parts[2]});
}

absl::StatusOr<int> PageSize(int asked, int standard, int most) {
  if (asked < 0) return InvalidField("page_size", "is negative");
  return asked == 0 ? standard : std::min(asked, most);
}

}  // namespace slipway::build
