#pragma once

#include <string>

#include "absl/status/status.h"
#include "slipway/auth/v1/assertion.pb.h"

namespace slipway::auth {

// A grant is well formed: has a role, an app only with a project, SUPER_ADMIN only for everything.
// `field` is its path.
absl::Status ValidateGrant(const slipway::auth::v1::Grant& grant, const std::string& field);

// Whether all that `grant` allows is allowed by one of `owner`'s grants. Pure.
bool Covers(const slipway::auth::v1::Principal& owner, const slipway::auth::v1::Grant& grant);

// "admin on demo/hello in prod", for messages.
std::string Describe(const slipway::auth::v1::Grant& grant);

}  // namespace slipway::auth
