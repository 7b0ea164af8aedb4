#include "libs/rpc/access.h"

#include <catch2/catch.hpp>

namespace slipway::rpc {
namespace {

namespace authpb = slipway::auth::v1;
using slipway::api::Permission;

authpb::Principal With(authpb::Role role, std::string project, std::string environment,
                       std::string app) {
  authpb::Principal principal;
  principal.set_kind(authpb::Principal::USER);
  principal.set_id("u");
  auto* grant = principal.add_grants();
  grant->set_role(role);
  grant->set_project(project);
  grant->set_environment(environment);
  grant->set_app(app);
  return principal;
}

const Scope kHello{"demo", "hello", ""};
const Scope kHelloDev{"demo", "hello", "dev"};
const Scope kHelloProd{"demo", "hello", "prod"};

}  // namespace

TEST_CASE("a role has its rights and those of the roles below it") {
  const auto may = [](authpb::Role role, Verb verb) {
    return Allows(With(role, "", "", ""), verb, kHello);
  };
  CHECK(may(authpb::VIEW, Permission::VIEW));
  CHECK_FALSE(may(authpb::VIEW, Permission::TRIGGER));
  CHECK(may(authpb::BUILD_AND_DEPLOY, Permission::TRIGGER));
  CHECK_FALSE(may(authpb::BUILD_AND_DEPLOY, Permission::EDIT));
  CHECK(may(authpb::ADMIN, Permission::EDIT));
  CHECK_FALSE(may(authpb::ADMIN, Permission::MANAGE));
  CHECK(may(authpb::MANAGER, Permission::MANAGE));
  CHECK_FALSE(may(authpb::MANAGER, Permission::SUPER));
  CHECK(may(authpb::SUPER_ADMIN, Permission::SUPER));
}

TEST_CASE("a grant counts in its scope alone") {
  const auto app = With(authpb::ADMIN, "demo", "", "hello");
  CHECK(Allows(app, Permission::EDIT, kHello));
  CHECK(Allows(app, Permission::TRIGGER, kHelloProd));
  CHECK_FALSE(Allows(app, Permission::VIEW, {"demo", "shop", ""}));
  CHECK_FALSE(Allows(app, Permission::VIEW, {"other", "hello", ""}));
  CHECK_FALSE(Allows(app, Permission::EDIT, {"demo", "", ""}));
}

TEST_CASE("an environment's grant sees and builds the app but edits nothing of it") {
  const auto dev = With(authpb::ADMIN, "demo", "dev", "hello");
  CHECK(Allows(dev, Permission::TRIGGER, kHelloDev));
  CHECK(Allows(dev, Permission::TRIGGER, kHello));
  CHECK(Allows(dev, Permission::VIEW, kHello));
  CHECK_FALSE(Allows(dev, Permission::EDIT, kHello));
  CHECK_FALSE(Allows(dev, Permission::TRIGGER, kHelloProd));
}

TEST_CASE("a narrow super-admin is none") {
  CHECK_FALSE(
      Allows(With(authpb::SUPER_ADMIN, "demo", "", ""), Permission::SUPER, {"demo", "", ""}));
}

TEST_CASE("services and runners have their own rights only") {
  authpb::Principal service;
  service.set_kind(authpb::Principal::SERVICE);
  authpb::Principal runner;
  runner.set_kind(authpb::Principal::RUNNER);
  CHECK(Allows(service, Permission::SERVICE, {}));
  CHECK(Allows(service, Permission::VIEW, kHello));
  CHECK_FALSE(Allows(service, Permission::EDIT, kHello));
  CHECK_FALSE(Allows(service, Permission::RUNNER, {}));
  CHECK(Allows(runner, Permission::RUNNER, {}));
  CHECK_FALSE(Allows(runner, Permission::SERVICE, {}));
  CHECK_FALSE(Allows(runner, Permission::VIEW, kHello));
  CHECK_FALSE(Allows(runner, Permission::AUTHENTICATED, {}));
  CHECK_FALSE(Allows({}, Permission::AUTHENTICATED, {}));
}

TEST_CASE("a parent may be listed by whoever sees something below it") {
  const auto app = With(authpb::VIEW, "demo", "", "hello");
  CHECK(AllowsSomethingIn(app, Permission::VIEW, {"demo", "", ""}));
  CHECK(AllowsSomethingIn(app, Permission::VIEW, {}));
  CHECK_FALSE(AllowsSomethingIn(app, Permission::VIEW, {"other", "", ""}));
}

}  // namespace slipway::rpc
