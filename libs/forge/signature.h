#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/http/headers.h"

namespace slipway::forge {

// OK if `body`, the raw bytes of the delivery, is signed with `secret` in GitHub's way
// (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries):
// X-Hub-Signature-256 with "sha256=" and the HMAC in hex. SHA-1 alone is not accepted. Takes the
// same time wherever a signature differs.
absl::Status VerifyGitHubSignature(const http::Headers& headers, std::string_view body,
                                   std::string_view secret);

}  // namespace slipway::forge
