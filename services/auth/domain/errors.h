#pragma once

#include <string_view>

#include "absl/status/status.h"

// Every error that auth shows to people. Reasons are API; texts are not.
namespace slipway::auth {

absl::Status WrongPassword();                   // WRONG_PASSWORD
absl::Status TooManySignIns();                  // TOO_MANY_SIGN_INS, retry in 60 s
absl::Status TokenNotValid();                   // TOKEN_NOT_VALID: unknown, revoked or expired
absl::Status NameTaken(std::string_view name);  // NAME_TAKEN
absl::Status NotThere(std::string_view name);   // RESOURCE_NOT_FOUND
absl::Status StaleEtag(std::string_view name);  // ETAG_STALE
absl::Status GrantBeyondOwn(std::string_view grant);  // GRANT_BEYOND_OWN
absl::Status LastSuperAdmin();                        // LAST_SUPER_ADMIN

}  // namespace slipway::auth
