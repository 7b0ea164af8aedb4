#include "services/auth/domain/errors.h"

#include <string>

#include "libs/base/error.h"

namespace slipway::auth {
namespace {

absl::Status Make(absl::StatusCode code, std::string_view message, std::string_view reason,
                  std::string_view resource = "", int64_t retry_after_ms = 0) {
  ErrorDetails details;
  details.reason = std::string(reason);
  if (!resource.empty()) details.metadata = {{"resource", std::string(resource)}};
  details.retry_after_ms = retry_after_ms;
  return MakeError(code, message, std::move(details));
}

}  // namespace

absl::Status WrongPassword() {
  return Make(absl::StatusCode::kUnauthenticated, "user or password is wrong", "WRONG_PASSWORD");
}

absl::Status TooManySignIns() {
  return Make(absl::StatusCode::kResourceExhausted,
              "too many wrong passwords for this user: try again in a minute", "TOO_MANY_SIGN_INS",
              "", 60'000);
}

absl::Status TokenNotValid() {
  return Make(absl::StatusCode::kUnauthenticated,
              "the token is unknown, revoked or expired: sign in with `slipway login`",
              "TOKEN_NOT_VALID");
}

absl::Status NameTaken(std::string_view name) {
  return Make(absl::StatusCode::kAlreadyExists, std::string(name) + " exists already", "NAME_TAKEN",
              name);
}

absl::Status NotThere(std::string_view name) {
  return Make(absl::StatusCode::kNotFound,
              std::string(name) + " is not there, or you may not see it", "RESOURCE_NOT_FOUND",
              name);
}

absl::Status StaleEtag(std::string_view name) {
  return Make(absl::StatusCode::kAborted,
              std::string(name) + " was changed since it was read: read it again", "ETAG_STALE",
              name);
}

absl::Status GrantBeyondOwn(std::string_view grant) {
  return Make(
      absl::StatusCode::kPermissionDenied,
      "you can't give the right \"" + std::string(grant) + "\", since you don't have it yourself",
      "GRANT_BEYOND_OWN");
}

absl::Status LastSuperAdmin() {
  return Make(absl::StatusCode::kFailedPrecondition,
              "this would leave the installation without a super-admin: give the role to somebody "
              "else first",
              "LAST_SUPER_ADMIN");
}

}  // namespace slipway::auth
