#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace slipway::db {

// The exception in flight (called in a catch block only) as a status of Tx. `what` names the
// statement.
absl::Status StatusOfCurrentException(std::string_view what);

// Whether the connection behind `status` must not be used again.
bool IsConnectionLost(const absl::Status& status);

}  // namespace slipway::db
