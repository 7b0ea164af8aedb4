#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway {

// Lower-case hex.
std::string HexEncode(std::string_view bytes);
// Empty for an odd length or a character that is not hex; both cases are read.
std::optional<std::string> HexDecode(std::string_view hex);

// RFC 4648 base64: standard alphabet with padding, and URL alphabet without.
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

// SHA-256 as 32 raw bytes and as 64 characters of hex.
std::string Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);

// HMAC-SHA256 (RFC 2104) as 32 raw bytes, for a key of any length.
std::string HmacSha256(std::string_view key, std::string_view bytes);

// Compares in a time that depends on the lengths only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace slipway
