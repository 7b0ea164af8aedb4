#include "libs/http/errors.h"

#include <string>

#include "libs/base/error.h"

namespace slipway::http {

absl::Status UrlInvalid(std::string_view url, std::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "URL \"" + std::string(url) + "\": " + std::string(problem),
                   {.reason = "URL_INVALID", .metadata = {}, .field_violations = {}});
}

absl::Status AddressRefused(std::string_view host, int port, std::string_view address) {
  const std::string pair = std::string(host) + ":" + std::to_string(port);
  std::string message = pair + " is refused: ";
  message += address == host ? "it" : std::string(address);
  message += " is no public address; an operator may allow " + pair;
  return MakeError(absl::StatusCode::kInvalidArgument, message,
                   {.reason = "OUTGOING_ADDRESS_REFUSED",
                    .metadata = {{"host", std::string(host)}, {"port", std::to_string(port)}},
                    .field_violations = {}});
}

absl::Status HostNotFound(std::string_view host, std::string_view problem) {
  return MakeError(absl::StatusCode::kUnavailable,
                   "host \"" + std::string(host) + "\" not found: " + std::string(problem),
                   {.reason = "HOST_NOT_FOUND",
                    .metadata = {{"host", std::string(host)}},
                    .field_violations = {}});
}

absl::Status CertificateRefused(std::string_view what, std::string_view problem) {
  return MakeError(absl::StatusCode::kUnavailable,
                   std::string(what) + ": " + std::string(problem),
                   {.reason = "HTTP_CERTIFICATE", .metadata = {}, .field_violations = {}});
}

absl::Status RedirectRefused(std::string_view what, std::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   std::string(what) + ": redirect refused: " + std::string(problem),
                   {.reason = "REDIRECT_REFUSED", .metadata = {}, .field_violations = {}});
}

absl::Status ResponseTooLarge(std::string_view what, size_t max_bytes) {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      std::string(what) + ": the answer is larger than " + std::to_string(max_bytes) + " bytes",
      {.reason = "RESPONSE_TOO_LARGE", .metadata = {}, .field_violations = {}});
}

}  // namespace slipway::http
