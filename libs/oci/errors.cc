#include "libs/oci/errors.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::oci {
namespace {

absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view subject,
                  const std::string& text) {
  ErrorDetails details;
  details.reason = std::string(reason);
  details.metadata = {{"subject", std::string(subject)}};
  return MakeError(code, std::string(subject) + ": " + text, std::move(details));
}

std::string Detail(std::string_view detail) { return Truncate(ToValidUtf8(Trim(detail)), 300); }

}  // namespace

absl::Status Unauthorized(std::string_view registry) {
  return Make(absl::StatusCode::kUnauthenticated, "REGISTRY_UNAUTHORIZED", registry,
              "the registry refused user name or password; check the Registry's credentials");
}

absl::Status Forbidden(std::string_view registry, std::string_view repository) {
  return Make(absl::StatusCode::kPermissionDenied, "REGISTRY_FORBIDDEN", registry,
              "the registry denies access to " + std::string(repository) +
                  "; give its user the right to it");
}

absl::Status ImageNotFound(std::string_view image) {
  return Make(absl::StatusCode::kNotFound, "IMAGE_NOT_FOUND", image,
              "the registry has no such image");
}

absl::Status Unreachable(std::string_view registry, std::string_view detail) {
  return Make(absl::StatusCode::kUnavailable, "REGISTRY_UNREACHABLE", registry,
              "the registry can't be reached: " + Detail(detail));
}

absl::Status RateLimited(std::string_view registry) {
  return Make(absl::StatusCode::kResourceExhausted, "REGISTRY_RATE_LIMIT", registry,
              "the registry allows no more requests now; try later, or with an account");
}

absl::Status NotARegistry(std::string_view registry, std::string_view detail) {
  return Make(absl::StatusCode::kFailedPrecondition, "NOT_A_REGISTRY", registry,
              "what answers there is no image registry: " + Detail(detail));
}

absl::Status DigestMismatch(std::string_view image) {
  return Make(absl::StatusCode::kDataLoss, "DIGEST_MISMATCH", image,
              "the registry's content does not have this digest");
}

absl::Status RegistryFailed(std::string_view registry, int status, std::string_view detail) {
  return Make(absl::StatusCode::kUnknown, "REGISTRY_FAILED", registry,
              "the registry answered " + std::to_string(status) + ": " + Detail(detail));
}

}  // namespace slipway::oci
