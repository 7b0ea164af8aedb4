#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace slipway::http {

// The errors of libs/http that a user may see.

// INVALID_ARGUMENT, reason URL_INVALID.
absl::Status UrlInvalid(std::string_view url, std::string_view problem);
// INVALID_ARGUMENT, reason OUTGOING_ADDRESS_REFUSED: `host` stands for an address that this
// installation does not call.
absl::Status AddressRefused(std::string_view host, int port, std::string_view address);
// UNAVAILABLE, reason HOST_NOT_FOUND.
absl::Status HostNotFound(std::string_view host, std::string_view problem);
// UNAVAILABLE, reason HTTP_CERTIFICATE: the server's certificate is not trusted.
absl::Status CertificateRefused(std::string_view what, std::string_view problem);
// INVALID_ARGUMENT, reason REDIRECT_REFUSED.
absl::Status RedirectRefused(std::string_view what, std::string_view problem);
// RESOURCE_EXHAUSTED, reason RESPONSE_TOO_LARGE.
absl::Status ResponseTooLarge(std::string_view what, size_t max_bytes);

}  // namespace slipway::http
