#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::oci {

// A registry's "WWW-Authenticate: Bearer realm=...,service=...,scope=..."
// (https://distribution.github.io/distribution/spec/auth/token/).
struct BearerChallenge {
  std::string realm;
  std::string service;
  std::string scope;

  // The URL that a token is asked from.
  std::string TokenUrl() const;
};

// Empty for another scheme, or without a realm.
std::optional<BearerChallenge> ParseBearerChallenge(std::string_view header);

}  // namespace slipway::oci
