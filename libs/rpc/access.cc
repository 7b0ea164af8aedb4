#include "libs/rpc/access.h"

namespace slipway::rpc {

namespace authpb = slipway::auth::v1;
using slipway::api::Permission;

authpb::Role LeastRoleFor(Verb verb) {
  switch (verb) {
    case Permission::VIEW:
      return authpb::VIEW;
    case Permission::TRIGGER:
      return authpb::BUILD_AND_DEPLOY;
    case Permission::EDIT:
      return authpb::ADMIN;
    case Permission::MANAGE:
      return authpb::MANAGER;
    default:
      return authpb::SUPER_ADMIN;
  }
}

bool Allows(const authpb::Principal& principal, Verb verb, const Scope& scope) {
  switch (verb) {
    case Permission::PUBLIC:
      return true;
    case Permission::AUTHENTICATED:
      // A runner's token takes jobs and reports on them; it reads nothing else.
      return principal.kind() != authpb::Principal::KIND_UNSPECIFIED &&
             principal.kind() != authpb::Principal::RUNNER;
    case Permission::RUNNER:
      return principal.kind() == authpb::Principal::RUNNER;
    case Permission::SERVICE:
      return principal.kind() == authpb::Principal::SERVICE;
    default:
      break;
  }
  if (principal.kind() == authpb::Principal::SERVICE) return verb == Permission::VIEW;
  const authpb::Role least = LeastRoleFor(verb);
  const bool above_environment = verb == Permission::VIEW || verb == Permission::TRIGGER;
  for (const authpb::Grant& grant : principal.grants()) {
    if (grant.role() < least) continue;
    // A super-admin is one for the whole installation; a narrower scope makes it a manager of that
    // scope.
    const bool whole =
        grant.project().empty() && grant.environment().empty() && grant.app().empty();
    if (least == authpb::SUPER_ADMIN && !whole) continue;
    if (!grant.project().empty() && grant.project() != scope.project) continue;
    if (!grant.app().empty() && grant.app() != scope.app) continue;
    if (!grant.environment().empty() && grant.environment() != scope.environment &&
        !(above_environment && scope.environment.empty())) {
      continue;
    }
    return true;
  }
  return false;
}

bool AllowsSomethingIn(const authpb::Principal& principal, Verb verb, const Scope& scope) {
  if (Allows(principal, verb, scope)) return true;
  const authpb::Role least = LeastRoleFor(verb);
  for (const authpb::Grant& grant : principal.grants()) {
    if (grant.role() < least) continue;
    const auto overlaps = [](const std::string& granted, const std::string& asked) {
      return granted.empty() || asked.empty() || granted == asked;
    };
    if (overlaps(grant.project(), scope.project) && overlaps(grant.app(), scope.app) &&
        overlaps(grant.environment(), scope.environment)) {
      return true;
    }
  }
  return false;
}

std::string ActorOf(const authpb::Principal& principal) {
  switch (principal.kind()) {
    case authpb::Principal::USER:
      return "user:" + principal.id();
    case authpb::Principal::TOKEN:
      return "token:" + principal.id();
    case authpb::Principal::SERVICE:
      return "service:" + principal.id();
    case authpb::Principal::RUNNER:
      return "runner:" + principal.id();
    default:
      return "anonymous";
  }
}

}  // namespace slipway::rpc
