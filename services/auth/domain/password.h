#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"

namespace slipway::auth {

// Hashes and checks passwords with argon2id (RFC 9106; 19 MiB, 2 passes, as OWASP asks for). One at
// a time, so that many sign-ins cost time and not memory. Thread-safe.
class PasswordHasher {
 public:
  PasswordHasher();
  // INVALID_ARGUMENT for a password shorter than 8 or longer than 1024 bytes.
  absl::StatusOr<std::string> Hash(std::string_view password);
  // An empty hash (no such user) takes as long as any other and is never right.
  bool Verify(std::string_view password, const std::string& hash);

 private:
  Mutex mu_;
  std::string decoy_;
};

}  // namespace slipway::auth
