#include "libs/rpc/errors.h"

#include <string>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::rpc {
namespace {

std::string RoleWord(slipway::auth::v1::Role role) {
  switch (role) {
    case slipway::auth::v1::VIEW:
      return "view";
    case slipway::auth::v1::BUILD_AND_DEPLOY:
      return "build-and-deploy";
    case slipway::auth::v1::ADMIN:
      return "admin";
    case slipway::auth::v1::MANAGER:
      return "manager";
    default:
      return "super-admin";
  }
}

std::string VerbWord(Verb verb) {
  switch (verb) {
    case slipway::api::Permission::VIEW:
      return "view";
    case slipway::api::Permission::TRIGGER:
      return "trigger";
    case slipway::api::Permission::EDIT:
      return "edit";
    case slipway::api::Permission::MANAGE:
      return "manage access of";
    case slipway::api::Permission::RUNNER:
      return "act as a runner on";
    case slipway::api::Permission::SERVICE:
      return "act as a service on";
    default:
      return "administer";
  }
}

// What a caller sent is told back short: errors travel in headers, whose size is limited.
std::string Shown(std::string_view name) { return std::string(Truncate(ToValidUtf8(name), 200)); }

}  // namespace

absl::Status Unauthenticated(std::string_view why) {
  return MakeError(absl::StatusCode::kUnauthenticated, why,
                   {.reason = "UNAUTHENTICATED", .metadata = {}, .field_violations = {}});
}

absl::Status ResourceNotFound(std::string_view full_name) {
  const std::string name = Shown(full_name);
  return MakeError(absl::StatusCode::kNotFound, name + " is not there, or you may not see it",
                   {.reason = kResourceNotFound,
                    .metadata = {{"resource", std::string(name)}},
                    .field_violations = {}});
}

absl::Status RightMissing(Verb verb, std::string_view name) {
  const std::string what = name.empty() ? "the installation" : Shown(name);
  std::string message = "you may not " + VerbWord(verb) + " " + what;
  const bool by_role =
      verb != slipway::api::Permission::RUNNER && verb != slipway::api::Permission::SERVICE;
  if (by_role) message += ": it needs the role " + RoleWord(LeastRoleFor(verb)) + " there";
  return MakeError(absl::StatusCode::kPermissionDenied, message,
                   {.reason = kRightMissing,
                    .metadata = {{"resource", what}, {"right", VerbWord(verb)}},
                    .field_violations = {}});
}

absl::Status DeadlinePassed() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "the deadline of the call has passed",
                   {.reason = "DEADLINE_PASSED", .metadata = {}, .field_violations = {}});
}

absl::Status InternalError(std::string_view request_id) {
  return MakeError(absl::StatusCode::kInternal,
                   "internal error, request " + std::string(request_id),
                   {.reason = "INTERNAL",
                    .metadata = {{"request_id", std::string(request_id)}},
                    .field_violations = {}});
}

absl::Status BadPageToken() {
  constexpr char kProblem[] = "is not of an earlier answer to this question; start without it";
  return MakeError(
      absl::StatusCode::kInvalidArgument, std::string("pageToken: ") + kProblem,
      {.reason = "PAGE_TOKEN", .metadata = {}, .field_violations = {{"pageToken", kProblem}}});
}

}  // namespace slipway::rpc
