#include "services/auth/domain/paging.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace slipway::auth {

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked < 0) return InvalidField("pageSize", "must not be negative");
  return asked == 0 ? 100 : std::min(asked, 1000);
}

absl::StatusOr<std::string> AfterOf(const std::string& page_token) {
  if (page_token.empty()) return std::string();
  auto after = Base64UrlDecode(page_token);
  if (!after || after->empty() || after->size() > 256) {
    return InvalidField("pageToken", "is not a token of an earlier answer");
  }
  return *after;
}

std::string PageToken(const std::string& last_id) { return Base64UrlEncode(last_id); }

}  // namespace slipway::auth
