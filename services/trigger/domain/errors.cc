#include "services/trigger/domain/errors.h"

#include <string>

#include "libs/base/error.h"

namespace slipway::trigger {
namespace {

absl::Status Make(absl::StatusCode code, std::string_view message, std::string_view reason,
                  std::string_view resource) {
  ErrorDetails details;
  details.reason = std::string(reason);
  details.metadata = {{"resource", std::string(resource)}};
  return MakeError(code, message, std::move(details));
}

}  // namespace

absl::Status NotThere(std::string_view name) {
  return Make(absl::StatusCode::kNotFound,
              std::string(name) + " is not there, or you may not see it", "RESOURCE_NOT_FOUND",
              name);
}

absl::Status NameTaken(std::string_view name) {
  return Make(absl::StatusCode::kAlreadyExists, std::string(name) + " exists already", "NAME_TAKEN",
              name);
}

absl::Status StaleEtag(std::string_view name) {
  return Make(absl::StatusCode::kAborted,
              std::string(name) + " was changed since it was read: read it again", "ETAG_STALE",
              name);
}

}  // namespace slipway::trigger
