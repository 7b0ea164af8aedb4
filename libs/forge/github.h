#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/forge/event.h"
#include "libs/http/headers.h"

namespace slipway::forge {

// What a GitHub delivery tells (https://docs.github.com/webhooks/webhook-events-and-payloads), as
// JSON or as a form. A list, because other forges put several refs into one delivery. Call it after
// VerifyGitHubSignature. Pure; whatever the payload, the answer is events or PAYLOAD_MALFORMED.
absl::StatusOr<std::vector<Event>> ReadGitHubDelivery(const http::Headers& headers,
                                                      std::string_view body);

}  // namespace slipway::forge
