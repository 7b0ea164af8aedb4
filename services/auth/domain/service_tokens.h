#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "slipway/auth/v1/assertion.pb.h"

namespace slipway::auth {

// Tokens of the suite's own processes, from files of a folder: service-NAME.token and
// runner-NAME.token, mode 0600. Read once at the start; immutable, thread-safe.
class ServiceTokens {
 public:
  // FAILED_PRECONDITION for a file that others may read or that is shorter than 32 characters.
  static absl::StatusOr<ServiceTokens> Load(const std::string& folder);
  // The process that a token hash stands for.
  std::optional<slipway::auth::v1::Principal> Find(const std::string& hash) const;

 private:
  std::map<std::string, slipway::auth::v1::Principal> by_hash_;
};

}  // namespace slipway::auth
