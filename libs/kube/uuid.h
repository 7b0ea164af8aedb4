#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::kube {

// The 16 bytes of a uid, as an API server gives them to objects (RFC 9562).
using Uuid = std::array<char, 16>;

// Empty for any other form, upper case included, so that FormatUuid gives the same text again.
std::optional<Uuid> ParseUuid(std::string_view text);
std::string FormatUuid(const Uuid& uuid);

}  // namespace slipway::kube
