#include "libs/db/sql.h"

#include <charconv>
#include <cmath>

#include "libs/base/encoding.h"

namespace slipway::db {

Param::Param(double value) {
  if (!std::isfinite(value)) {
    text_ = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  char buffer[64];
  text_ = std::string(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

Param::Param(absl::Time value) {
  if (value == absl::InfiniteFuture()) {
    text_ = "infinity";
  } else if (value == absl::InfinitePast()) {
    text_ = "-infinity";
  } else {
    text_ = absl::FormatTime("%E4Y-%m-%d %H:%M:%E6S+00", value, absl::UTCTimeZone());
  }
}

Param::Param(absl::Duration value)
    : text_(std::to_string(absl::ToInt64Microseconds(value)) + " microseconds") {}

Param::Param(Bytes value) : text_("\\x" + HexEncode(value.data)) {}

Param::Param(const std::vector<std::string>& value) : text_(TextArray(value)) {}

Param::Param(const std::vector<int64_t>& value) {
  std::string text = "{";
  for (const int64_t v : value) text += (text.size() > 1 ? "," : "") + std::to_string(v);
  text_ = text + "}";
}

std::string TextArray(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace slipway::db
