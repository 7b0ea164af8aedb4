#pragma once

#include <string_view>

#include "absl/status/status.h"

// The errors that the gateway gives itself; those of the services pass through it as they are.
namespace slipway::gateway {

absl::Status NoSuchPath();     // NOT_FOUND, PATH_NOT_FOUND
absl::Status NoWebhookPath();  // NOT_FOUND, PATH_NOT_FOUND
absl::Status MethodNotAllowed(std::string_view method,
                              std::string_view allowed);  // METHOD_NOT_ALLOWED
// UNAVAILABLE, SERVICE_UNAVAILABLE. `route` is "slipway.build.v1.BuildService/GetRun" or "webhook".
absl::Status ServiceUnavailable(std::string_view route);

}  // namespace slipway::gateway
