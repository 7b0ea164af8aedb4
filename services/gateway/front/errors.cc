#include "services/gateway/front/errors.h"

#include <string>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::gateway {
namespace {

absl::Status Error(absl::StatusCode code, const char* reason, const std::string& message) {
  ErrorDetails details;
  details.reason = reason;
  return MakeError(code, message, std::move(details));
}

}  // namespace

absl::Status NoSuchPath() {
  return Error(absl::StatusCode::kNotFound, "PATH_NOT_FOUND",
               "nothing is at this path; /openapi.json lists what there is");
}

absl::Status NoWebhookPath() {
  return Error(absl::StatusCode::kNotFound, "PATH_NOT_FOUND",
               "webhooks go to /webhooks/{forge}/{hook}");
}

absl::Status MethodNotAllowed(std::string_view method, std::string_view allowed) {
  return Error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
               Truncate(method, 20) + " is not possible here, but " + std::string(allowed));
}

absl::Status ServiceUnavailable(std::string_view route) {
  const std::vector<std::string> parts = Split(route, '.');
  const std::string service = parts.size() > 1 && parts[0] == "slipway" ? parts[1] : "trigger";
  ErrorDetails details;
  details.reason = "SERVICE_UNAVAILABLE";
  details.metadata = {{"service", service}};
  details.retry_after_ms = 1000;
  return MakeError(absl::StatusCode::kUnavailable,
                   "the " + service + " service does not answer at the moment; try again",
                   std::move(details));
}

}  // namespace slipway::gateway
