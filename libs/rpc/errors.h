#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/rpc/access.h"

// Errors that the wrapper gives before a handler runs, the same in every service.
namespace slipway::rpc {

// Reasons of the two refusals by right.
inline constexpr char kResourceNotFound[] = "RESOURCE_NOT_FOUND";
inline constexpr char kRightMissing[] = "RIGHT_MISSING";

absl::Status Unauthenticated(std::string_view why);  // UNAUTHENTICATED
absl::Status ResourceNotFound(
    std::string_view name);  // RESOURCE_NOT_FOUND: unknown, or not to be seen
absl::Status RightMissing(Verb verb, std::string_view name);  // RIGHT_MISSING: names right and role
absl::Status DeadlinePassed();                                // DEADLINE_PASSED
absl::Status InternalError(
    std::string_view request_id);  // INTERNAL: "internal error, request <id>"

absl::Status BadPageToken();  // PAGE_TOKEN: not of an earlier answer to the same question

}  // namespace slipway::rpc
