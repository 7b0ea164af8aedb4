#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::http {

// HTTP headers in order. Names compare without regard to case (RFC 9110 section 5.1).
using Headers = std::vector<std::pair<std::string, std::string>>;

// The first value of `name`, or "".
std::string_view FindHeader(const Headers& headers, std::string_view name);
// Compares header names without regard to case.
bool SameHeaderName(std::string_view a, std::string_view b);

}  // namespace slipway::http
