#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace slipway::seal {

inline absl::Status SealError(absl::StatusCode code, std::string_view reason,
                              const std::string& text) {
  ErrorDetails details;
  details.reason = std::string(reason);
  return MakeError(code, text, std::move(details));
}

// The key file can't be used: says why and what to do.
inline absl::Status KeyFileRefused(const std::string& path, const std::string& problem) {
  return SealError(absl::StatusCode::kFailedPrecondition, "SEAL_KEY_FILE",
                   "key file " + path + " " + problem);
}

// Sealed by a key that is not loaded.
inline absl::Status KeyUnknown(const std::string& id) {
  return SealError(
      absl::StatusCode::kFailedPrecondition, "SEAL_KEY_UNKNOWN",
      "this secret is sealed by key " + id + ", which is not loaded; add its key file");
}

// Not a record of this library.
inline absl::Status RecordMalformed(const std::string& problem) {
  return SealError(absl::StatusCode::kDataLoss, "SEAL_RECORD_MALFORMED",
                   "not a sealed record: " + problem);
}

// The right key, but the record was changed, or belongs to another table, column or row.
inline absl::Status RecordNotAuthentic() {
  return SealError(absl::StatusCode::kDataLoss, "SEAL_NOT_AUTHENTIC",
                   "a sealed record was changed or belongs to another place");
}

}  // namespace slipway::seal
