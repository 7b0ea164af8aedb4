#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"

// Who has still to clean up after what is being deleted.
namespace slipway::pipeline::store {

// The service whose cleaning up is this service's own work: the grants at auth.
inline constexpr char kOwnWork[] = "auth";

absl::Status AddPending(db::Tx& tx, std::string_view subject,
                        const std::vector<std::string>& services);
// Takes one away (nothing there is fine) and returns who is left, by name.
absl::StatusOr<std::vector<std::string>> ConfirmPending(db::Tx& tx, std::string_view subject,
                                                        std::string_view service);
// Subjects for which only the own work is left, the oldest first.
absl::StatusOr<std::vector<std::string>> ListOwnWork(db::Tx& tx, int limit);

}  // namespace slipway::pipeline::store
