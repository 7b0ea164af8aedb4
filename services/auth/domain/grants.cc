#include "services/auth/domain/grants.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::auth {

namespace authpb = slipway::auth::v1;

absl::Status ValidateGrant(const authpb::Grant& grant, const std::string& field) {
  if (grant.role() == authpb::ROLE_UNSPECIFIED || !authpb::Role_IsValid(grant.role())) {
    return InvalidField(field + ".role",
                        "choose one of view, build_and_deploy, admin, manager, super_admin");
  }
  const std::pair<const std::string&, const char*> parts[] = {
      {grant.project(), ".project"}, {grant.environment(), ".environment"}, {grant.app(), ".app"}};
  for (const auto& [value, name] : parts) {
    if (!value.empty()) SLIPWAY_RETURN_IF_ERROR(ValidateSlug(value, field + name));
  }
  if (!grant.app().empty() && grant.project().empty()) {
    return InvalidField(field + ".app", "an app needs its project: set project too");
  }
  if (grant.role() == authpb::SUPER_ADMIN && !(grant.project() + grant.environment()).empty()) {
    return InvalidField(
        field + ".role",
        "super_admin is for the whole installation: leave the scope out, or choose manager");
  }
  return absl::OkStatus();
}

bool Covers(const authpb::Principal& owner, const authpb::Grant& grant) {
  return std::any_of(owner.grants().begin(), owner.grants().end(), [&](const authpb::Grant& own) {
    const auto within = [](const std::string& outer, const std::string& inner) {
      return outer.empty() || outer == inner;
    };
    return own.role() >= grant.role() && within(own.project(), grant.project()) &&
           within(own.environment(), grant.environment()) && within(own.app(), grant.app());
  });
}

std::string Describe(const authpb::Grant& grant) {
  std::string role = ToLower(authpb::Role_Name(grant.role()));
  std::replace(role.begin(), role.end(), '_', '-');
  std::string text = role + " on " + (grant.project().empty() ? "everything" : grant.project());
  if (!grant.app().empty()) text += "/" + grant.app();
  if (!grant.environment().empty()) text += " in " + grant.environment();
  return text;
}

}  // namespace slipway::auth
