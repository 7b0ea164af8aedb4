#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/forge/event.h"

// GitHub's webhooks: https://docs.github.com/en/webhooks. Pure functions.
namespace slipway::forge::github {

// Header names in lower case.
using Headers = std::map<std::string, std::string>;

// OK if X-Hub-Signature-256 is the HMAC-SHA256 of the raw body under `secret`; compared in constant time. UNAUTHENTICATED
// otherwise, also for an empty secret. The older SHA-1 signature is not accepted.
absl::Status Verify(const Headers& headers, std::string_view body, std::string_view secret);

// The forge's id of the delivery (X-GitHub-Delivery): the same when it is sent again. INVALID_ARGUMENT when it is missing or
// longer than 128 characters.
absl::StatusOr<std::string> DeliveryId(const Headers& headers);

// The payload as events. Content type json, or form with the member "payload". INVALID_ARGUMENT for a body that is not JSON, or a
// push without ref, before, after or repository. Any other event is Kind::kOther with what could be read.
absl::StatusOr<std::vector<Event>> Normalise(const Headers& headers, std::string_view body);

// What to set up in the forge.
inline constexpr std::string_view kContentType = "application/json";
inline constexpr std::string_view kEvents[] = {"push"};

}  // namespace slipway::forge::github
