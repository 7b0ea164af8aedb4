#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::forge {

// The first value of `name` in an application/x-www-form-urlencoded text
// (https://url.spec.whatwg.org/#application/x-www-form-urlencoded); empty if it is not there or an
// escape is broken.
std::optional<std::string> FormValue(std::string_view form, std::string_view name);

}  // namespace slipway::forge
