#pragma once

#include <string>
#include <string_view>

namespace slipway::auth {

// A new bearer token: "swy_" and 64 hex digits (256 random bits).
std::string NewTokenSecret();
// What is stored of it: SHA-256, 32 bytes. A token has so many random bits that a slow hash would
// add nothing.
std::string HashToken(std::string_view secret);
// First characters, to recognise a token by.
std::string HintOf(std::string_view secret);

}  // namespace slipway::auth
