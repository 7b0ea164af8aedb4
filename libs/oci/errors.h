#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

// Every error of libs/oci that a user may see. No text contains a credential.
namespace slipway::oci {

// UNAUTHENTICATED REGISTRY_UNAUTHORIZED
absl::Status Unauthorized(std::string_view registry);
// PERMISSION_DENIED REGISTRY_FORBIDDEN
absl::Status Forbidden(std::string_view registry, std::string_view repository);
// NOT_FOUND IMAGE_NOT_FOUND
absl::Status ImageNotFound(std::string_view image);
// UNAVAILABLE REGISTRY_UNREACHABLE
absl::Status Unreachable(std::string_view registry, std::string_view detail);
// RESOURCE_EXHAUSTED REGISTRY_RATE_LIMIT
absl::Status RateLimited(std::string_view registry);
// FAILED_PRECONDITION NOT_A_REGISTRY: what answers there speaks another language.
absl::Status NotARegistry(std::string_view registry, std::string_view detail);
// DATA_LOSS DIGEST_MISMATCH: the registry gave other bytes than those asked for.
absl::Status DigestMismatch(std::string_view image);
// UNKNOWN REGISTRY_FAILED
absl::Status RegistryFailed(std::string_view registry, int status, std::string_view detail);

}  // namespace slipway::oci
