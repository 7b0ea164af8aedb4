#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace slipway::forge {

inline absl::Status WebhookError(absl::StatusCode code, std::string_view reason,
                                 std::string_view text) {
  ErrorDetails details;
  details.reason = std::string(reason);
  return MakeError(code, text, std::move(details));
}

// UNAUTHENTICATED: who sent this is not known.
inline absl::Status SignatureMissing() {
  return WebhookError(
      absl::StatusCode::kUnauthenticated, "SIGNATURE_MISSING",
      "the delivery has no X-Hub-Signature-256 header; set the hook's secret in the forge");
}
inline absl::Status SignatureTooWeak() {
  return WebhookError(
      absl::StatusCode::kUnauthenticated, "SIGNATURE_TOO_WEAK",
      "the delivery is signed with SHA-1 only; the forge must send X-Hub-Signature-256");
}
inline absl::Status SignatureWrong() {
  return WebhookError(
      absl::StatusCode::kUnauthenticated, "SIGNATURE_WRONG",
      "the signature does not fit the hook's secret; set the same secret in the forge");
}
inline absl::Status HookWithoutSecret() {
  return WebhookError(absl::StatusCode::kUnauthenticated, "HOOK_WITHOUT_SECRET",
                      "this hook has no secret, so no delivery can be trusted");
}

// INVALID_ARGUMENT PAYLOAD_MALFORMED: the sender is right, what it says is not.
inline absl::Status PayloadMalformed(std::string_view problem) {
  return WebhookError(absl::StatusCode::kInvalidArgument, "PAYLOAD_MALFORMED", problem);
}

}  // namespace slipway::forge
