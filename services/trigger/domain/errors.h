#pragma once

#include <string_view>

#include "absl/status/status.h"

// Every error that trigger shows to people. Reasons are API; texts are not.
namespace slipway::trigger {

absl::Status NotThere(std::string_view name);   // RESOURCE_NOT_FOUND
absl::Status NameTaken(std::string_view name);  // NAME_TAKEN
absl::Status StaleEtag(std::string_view name);  // ETAG_STALE

}  // namespace slipway::trigger
