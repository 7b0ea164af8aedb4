#pragma once

#include <string_view>

#include "libs/rpc/resource_name.h"
#include "slipway/api/options.pb.h"
#include "slipway/auth/v1/assertion.pb.h"

namespace slipway::rpc {

using Verb = slipway::api::Permission::Verb;

// The one table of permissions: the least role that has a right. SUPER_ADMIN for what is not about
// a scope.
slipway::auth::v1::Role LeastRoleFor(Verb verb);

// Whether `principal` has `verb` on `scope`. A pure function of its arguments.
//
// A grant counts when its role is at least the verb's least role and each part of its scope is
// empty or equal to the resource's. A grant that names an environment also covers what lies above
// that environment (its app and project) for VIEW and TRIGGER, so that somebody who may deploy to
// dev sees the app and may build it; never for EDIT and MANAGE. Services have VIEW and SERVICE,
// runners have RUNNER.
bool Allows(const slipway::auth::v1::Principal& principal, Verb verb, const Scope& scope);

// Whether `principal` has `verb` on something below `scope`: what decides if a parent may be
// listed.
bool AllowsSomethingIn(const slipway::auth::v1::Principal& principal, Verb verb,
                       const Scope& scope);

// "user:admin", "token:ci", "service:trigger", "runner:local"; "anonymous" for none.
std::string ActorOf(const slipway::auth::v1::Principal& principal);

}  // namespace slipway::rpc
