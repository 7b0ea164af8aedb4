#pragma once

#include <boost/json.hpp>
#include <string_view>

namespace slipway::yaml {

// What a plain scalar stands for: null (also "" and "~"), true or false, an integer (decimal, 0x,
// 0o; without leading zeros), a finite decimal float; anything else is a string, also yes, no, on,
// off, 012, 1_000, 12:30 and dates.
boost::json::value ResolveScalar(std::string_view text);

// True if some YAML reader takes the plain text for something that is not a string: ours, or one of
// YAML 1.1.
bool LooksLikeNoString(std::string_view text);

}  // namespace slipway::yaml
