#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::http {

// The parts of an http or https URL that decide where a request goes. A value.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; IPv4 in any number form is normalised; IPv6 without brackets
  int port = 0;        // 1 to 65535, the scheme's own when not given
  std::string path;    // starts with '/', without query

  // scheme://host:port/path, fit for logs and errors: no credentials, no query.
  std::string ForPeople() const;
  bool SameOrigin(const Url& other) const;
};

// Reads an absolute URL as libcurl reads it, so that what is checked is what is called.
// INVALID_ARGUMENT for another scheme, for credentials in the URL, and for what is no URL.
absl::StatusOr<Url> ParseUrl(std::string_view url);

// `reference` (a Location header) seen from `base`, as an absolute URL (RFC 3986 section 5).
absl::StatusOr<std::string> ResolveReference(std::string_view base, std::string_view reference);

// `text` as one path segment or query value: all but letters, digits and "-._~" as %XX (RFC 3986
// section 2).
std::string PercentEncode(std::string_view text);

}  // namespace slipway::http
