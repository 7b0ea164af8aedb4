#pragma once

#include <cstddef>
#include <string_view>

namespace slipway::build {

// Length of `bytes` without a UTF-8 character at its end that is only begun, so that the rest may
// follow in the next piece. Bytes that can't become a character are not held back.
size_t CompleteUtf8Prefix(std::string_view bytes);

}  // namespace slipway::build
