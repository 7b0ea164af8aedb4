#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/db/testing/test_database.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/channel.h"
#include "services/auth/app.h"

namespace slipway::auth {
namespace {

namespace authpb = slipway::auth::v1;

constexpr char kPassword[] = "correct horse battery";
constexpr char kServiceToken[] = "0123456789abcdef0123456789abcdef";

// A whole auth service on a loopback port with a database of its own.
struct Fixture {
  TempDir dir = TempDir::Create("slipway-auth-").value();
  db::TestDatabase database{{}, "auth"};
  std::unique_ptr<App> app;
  std::unique_ptr<authpb::AuthService::Stub> stub;

  Fixture() {
    REQUIRE(WriteFileAtomic(dir.path() + "/admin-password", std::string(kPassword) + "\n").ok());
    REQUIRE(WriteFileAtomic(dir.path() + "/service-build.token", kServiceToken).ok());
    Start();
  }
  void Start() {
    app.reset();
    Config config;
    config.common.listen = "127.0.0.1:0";
    config.common.database = database.dsn();
    config.common.log_level = "error";
    config.assertion_key_file = dir.path() + "/assertion.key";
    config.service_tokens_dir = dir.path();
    config.admin_password_file = dir.path() + "/admin-password";
    auto created = App::Create(config);
    INFO(created.status());
    REQUIRE(created.ok());
    app = *std::move(created);
    stub = authpb::AuthService::NewStub(
        rpc::MakeChannel("127.0.0.1:" + std::to_string(app->runtime().port())));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (authpb::AuthService::Stub::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request, const std::string& token) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!token.empty()) context.AddMetadata(rpc::kAuthorizationKey, "Bearer " + token);
    Response response;
    const absl::Status status = rpc::FromGrpc((stub.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<std::string> SignIn(const std::string& user, const std::string& password) {
    authpb::SignInRequest request;
    request.set_user(user);
    request.set_password(password);
    auto response = Call(&authpb::AuthService::Stub::SignIn, request, "");
    if (!response.ok()) return response.status();
    return response->token();
  }
  std::string Admin() { return SignIn("admin", kPassword).value(); }

  absl::StatusOr<authpb::User> AddUser(const std::string& id) {
    authpb::CreateUserRequest request;
    request.set_user_id(id);
    request.mutable_user()->mutable_spec()->set_password("password of " + id);
    return Call(&authpb::AuthService::Stub::CreateUser, request, Admin());
  }
  absl::StatusOr<authpb::RoleBinding> Bind(const std::string& token, const std::string& user,
                                           authpb::Role role, const std::string& project,
                                           const std::string& app_id = "",
                                           const std::string& environment = "") {
    authpb::CreateRoleBindingRequest request;
    auto* spec = request.mutable_role_binding()->mutable_spec();
    spec->set_user(user);
    spec->set_role(role);
    spec->set_project(project);
    spec->set_app(app_id);
    spec->set_environment(environment);
    return Call(&authpb::AuthService::Stub::CreateRoleBinding, request, token);
  }
  absl::StatusOr<authpb::Token> AddToken(const std::string& by, const std::string& id,
                                         authpb::Role role, const std::string& project,
                                         const std::string& app_id = "") {
    authpb::CreateTokenRequest request;
    request.set_token_id(id);
    auto* grant = request.mutable_token()->mutable_spec()->add_grants();
    grant->set_role(role);
    grant->set_project(project);
    grant->set_app(app_id);
    return Call(&authpb::AuthService::Stub::CreateToken, request, by);
  }
  absl::StatusOr<authpb::WhoAmIResponse> WhoAmI(const std::string& token) {
    return Call(&authpb::AuthService::Stub::WhoAmI, authpb::WhoAmIRequest(), token);
  }
};

}  // namespace

TEST_CASE("the first start creates an administrator who can sign in") {
  Fixture f;
  const auto who = f.WhoAmI(f.Admin());
  REQUIRE(who.ok());
  CHECK(who->principal().id() == "admin");
  REQUIRE(who->principal().grants_size() == 1);
  CHECK(who->principal().grants(0).role() == authpb::SUPER_ADMIN);
}

TEST_CASE("a restart keeps users, sessions and the key") {
  Fixture f;
  const std::string token = f.Admin();
  f.Start();
  CHECK(f.WhoAmI(token).ok());
}

TEST_CASE("a wrong password and an unknown user are refused alike and soon unseen") {
  Fixture f;
  const auto wrong = f.SignIn("admin", "wrong password");
  const auto unknown = f.SignIn("nobody", "wrong password");
  CHECK(wrong.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK(MessageOf(wrong.status()) == MessageOf(unknown.status()));
  for (int i = 0; i < 9; ++i) CHECK_FALSE(f.SignIn("admin", "wrong password").ok());
  CHECK(f.SignIn("admin", kPassword).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("only hashes of secrets are stored") {
  Fixture f;
  const std::string session = f.Admin();
  const auto token = f.AddToken(session, "ci", authpb::BUILD_AND_DEPLOY, "demo").value();
  CHECK(token.status().secret().starts_with("swy_"));
  const std::string dump = f.database.Value(
      "SELECT string_agg(t::text, ' ') || (SELECT string_agg(u::text, ' ') FROM auth.users u) AS v "
      "FROM auth.tokens t");
  CHECK(dump.find(token.status().secret().substr(8)) == std::string::npos);
  CHECK(dump.find(session.substr(8)) == std::string::npos);
  CHECK(dump.find(kPassword) == std::string::npos);
  CHECK(dump.find("$argon2id$") != std::string::npos);
}

TEST_CASE("a token is shown once, has its own rights, and is refused at once when it is revoked") {
  Fixture f;
  const std::string admin = f.Admin();
  const auto token = f.AddToken(admin, "ci", authpb::BUILD_AND_DEPLOY, "demo", "hello").value();
  const std::string secret = token.status().secret();
  const auto who = f.WhoAmI(secret).value();
  CHECK(who.principal().kind() == authpb::Principal::TOKEN);
  CHECK(who.principal().grants(0).app() == "hello");
  authpb::GetTokenRequest get;
  get.set_name("tokens/ci");
  const auto read = f.Call(&authpb::AuthService::Stub::GetToken, get, admin).value();
  CHECK(read.status().secret().empty());
  CHECK(read.status().has_last_used_time());
  CHECK(read.status().creator() == "user:admin");
  CHECK(f.AddToken(admin, "ci", authpb::VIEW, "demo").status().code() ==
        absl::StatusCode::kAlreadyExists);
  authpb::DeleteTokenRequest remove;
  remove.set_name("tokens/ci");
  REQUIRE(f.Call(&authpb::AuthService::Stub::DeleteToken, remove, admin).ok());
  CHECK(f.WhoAmI(secret).status().code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("nobody gives rights beyond their own") {
  Fixture f;
  REQUIRE(f.AddUser("ann").ok());
  REQUIRE(f.Bind(f.Admin(), "ann", authpb::MANAGER, "demo").ok());
  const std::string ann = f.SignIn("ann", "password of ann").value();
  CHECK(f.AddToken(ann, "a", authpb::ADMIN, "demo", "hello").ok());
  CHECK(f.AddToken(ann, "b", authpb::VIEW, "other").status().code() ==
        absl::StatusCode::kPermissionDenied);
  CHECK(f.AddToken(ann, "c", authpb::SUPER_ADMIN, "").status().code() ==
        absl::StatusCode::kPermissionDenied);
  REQUIRE(f.AddUser("bob").ok());
  CHECK(f.Bind(ann, "bob", authpb::ADMIN, "demo").ok());
  CHECK(f.Bind(ann, "bob", authpb::VIEW, "other").status().code() ==
        absl::StatusCode::kPermissionDenied);
  CHECK(f.Bind(ann, "ann", authpb::SUPER_ADMIN, "").status().code() ==
        absl::StatusCode::kPermissionDenied);
  const std::string bob = f.SignIn("bob", "password of bob").value();
  CHECK(f.Bind(bob, "bob", authpb::MANAGER, "demo").status().code() ==
        absl::StatusCode::kPermissionDenied);
}

TEST_CASE("users are administered by super-admins alone and the last one stays") {
  Fixture f;
  REQUIRE(f.AddUser("ann").ok());
  const std::string ann = f.SignIn("ann", "password of ann").value();
  CHECK(f.Call(&authpb::AuthService::Stub::ListUsers, authpb::ListUsersRequest(), ann)
            .status()
            .code() == absl::StatusCode::kPermissionDenied);
  authpb::DeleteUserRequest remove;
  remove.set_name("users/admin");
  const auto last = f.Call(&authpb::AuthService::Stub::DeleteUser, remove, f.Admin());
  CHECK(DetailsOf(last.status()).reason == "LAST_SUPER_ADMIN");
  authpb::UpdateUserRequest disable;
  disable.mutable_user()->set_name("users/ann");
  disable.mutable_user()->mutable_spec()->set_disabled(true);
  disable.mutable_user()->set_etag("v99");
  CHECK(f.Call(&authpb::AuthService::Stub::UpdateUser, disable, f.Admin()).status().code() ==
        absl::StatusCode::kAborted);
  disable.mutable_user()->clear_etag();
  REQUIRE(f.Call(&authpb::AuthService::Stub::UpdateUser, disable, f.Admin()).ok());
  CHECK(f.WhoAmI(ann).status().code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("bad input names its field and changes nothing") {
  Fixture f;
  const std::string admin = f.Admin();
  const auto field_of = [](const absl::Status& status) {
    const auto details = DetailsOf(status);
    return details.field_violations.empty() ? std::string("none")
                                            : details.field_violations[0].field;
  };
  authpb::CreateUserRequest user;
  user.set_user_id("Not A Name");
  user.mutable_user()->mutable_spec()->set_password("long enough");
  CHECK(field_of(f.Call(&authpb::AuthService::Stub::CreateUser, user, admin).status()) == "userId");
  user.set_user_id("ann");
  user.mutable_user()->mutable_spec()->set_password("short");
  CHECK(field_of(f.Call(&authpb::AuthService::Stub::CreateUser, user, admin).status()) ==
        "user.spec.password");
  user.mutable_user()->mutable_spec()->set_password("long enough");
  user.mutable_user()->mutable_spec()->set_display_name(std::string(257, 'x'));
  CHECK(field_of(f.Call(&authpb::AuthService::Stub::CreateUser, user, admin).status()) ==
        "user.spec.displayName");
  CHECK(field_of(f.Bind(admin, "nobody", authpb::VIEW, "demo").status()) ==
        "roleBinding.spec.user");
  CHECK(field_of(f.Bind(admin, "admin", authpb::VIEW, "", "hello").status()) ==
        "roleBinding.spec.app");
  CHECK(field_of(f.AddToken(admin, "t", authpb::ROLE_UNSPECIFIED, "demo").status()) ==
        "token.spec.grants[0].role");
  for (const char* hostile :
       {"users/'; DROP TABLE auth.users; --", "users/\"x\"", "users/%", "users/a/b"}) {
    authpb::GetUserRequest get;
    get.set_name(hostile);
    CHECK(f.Call(&authpb::AuthService::Stub::GetUser, get, admin).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
  CHECK(f.database.Value("SELECT count(*)::text AS v FROM auth.users") == "1");
}

TEST_CASE("services are known by their files and have no more than their own rights") {
  Fixture f;
  const auto who = f.WhoAmI(kServiceToken).value();
  CHECK(who.principal().kind() == authpb::Principal::SERVICE);
  CHECK(who.principal().id() == "build");
  CHECK(f.Call(&authpb::AuthService::Stub::ListUsers, authpb::ListUsersRequest(), kServiceToken)
            .status()
            .code() == absl::StatusCode::kPermissionDenied);
  authpb::DeleteScopeRequest scope;
  scope.set_project("demo");
  CHECK(f.Call(&authpb::AuthService::Stub::DeleteScope, scope, f.Admin()).status().code() ==
        absl::StatusCode::kPermissionDenied);
}

TEST_CASE("grants of a scope that is gone are gone for its next owner") {
  Fixture f;
  REQUIRE(f.AddUser("ann").ok());
  REQUIRE(f.Bind(f.Admin(), "ann", authpb::ADMIN, "demo", "hello").ok());
  REQUIRE(f.Bind(f.Admin(), "ann", authpb::VIEW, "demo", "shop").ok());
  const auto token = f.AddToken(f.Admin(), "ci", authpb::ADMIN, "demo", "hello").value();
  authpb::DeleteScopeRequest scope;
  scope.set_project("demo");
  scope.set_app("hello");
  REQUIRE(f.Call(&authpb::AuthService::Stub::DeleteScope, scope, kServiceToken).ok());
  const auto ann = f.WhoAmI(f.SignIn("ann", "password of ann").value()).value();
  REQUIRE(ann.principal().grants_size() == 1);
  CHECK(ann.principal().grants(0).app() == "shop");
  CHECK(f.WhoAmI(token.status().secret())->principal().grants_size() == 0);
}

TEST_CASE("the audit trail has every change and cannot be changed") {
  Fixture f;
  REQUIRE(f.AddUser("ann").ok());
  authpb::AuditEntry entry;
  entry.set_id("01J0000000000000000000000A");
  entry.set_actor("user:bob");
  entry.set_method("x/Y");
  authpb::AppendAuditRequest append;
  *append.add_entries() = entry;
  REQUIRE(f.Call(&authpb::AuthService::Stub::AppendAudit, append, kServiceToken).ok());
  REQUIRE(f.Call(&authpb::AuthService::Stub::AppendAudit, append, kServiceToken).ok());
  CHECK(f.database.Value("SELECT count(*)::text AS v FROM auth.audit WHERE actor = 'user:bob'") ==
        "1");
  CHECK(f.database.Value("SELECT count(*)::text AS v FROM (SELECT 1 FROM auth.audit_outbox UNION "
                         "ALL SELECT 1 FROM auth.audit "
                         "WHERE method LIKE '%/CreateUser') t") != "0");
  CHECK(f.database.Value(
            "SELECT count(*)::text AS v FROM pg_trigger WHERE tgname = 'audit_append_only'") ==
        "1");
}

}  // namespace slipway::auth
