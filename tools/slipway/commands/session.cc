#include "tools/slipway/commands/session.h"

#include <algorithm>
#include <iostream>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/resources.h"
#include "tools/slipway/commands/tables.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

absl::StatusOr<std::string> Password(Context& context, const LoginArgs& args) {
  std::string password;
  if (args.password_stdin) {
    std::getline(std::cin, password);
    if (!password.empty() && password.back() == '\r') password.pop_back();
  } else if (const auto given = context.settings.Variable("SLIPWAY_PASSWORD")) {
    password = *given;
  } else if (!Ask("Password: ", true, password)) {
    return BadUsage(
        "no terminal to ask for the password; set SLIPWAY_PASSWORD or use --password-stdin");
  }
  if (password.empty()) return BadUsage("the password is empty");
  return password;
}

std::string WithScheme(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url.find("://") == std::string::npos ? "https://" + url : url;
}

}  // namespace

absl::Status Login(Context& context, const LoginArgs& args) {
  const std::string url = WithScheme(args.url);
  std::string user = args.user;
  if (user.empty() && !Ask("User: ", false, user))
    return BadUsage("no terminal to ask for the user; give --user NAME");
  SLIPWAY_ASSIGN_OR_RETURN(const std::string password, Password(context, args));
  const auto answer =
      context.api.PostTo(url, Path("auth", "signIn"), {{"user", user}, {"password", password}});
  if (!answer.ok()) {
    if (!absl::IsUnauthenticated(answer.status())) return answer.status();
    return absl::UnauthenticatedError("user or password is wrong");
  }
  StoredLogin login = context.settings.stored();
  if (login.url != url) login.project.clear();
  login.url = url;
  login.user = user;
  login.token = Text(*answer, "token");
  SLIPWAY_RETURN_IF_ERROR(context.settings.Store(login));
  context.output.Line("signed in to " + url + " as " + user + " until " +
                      Text(*answer, "expireTime").substr(0, 16));
  for (const char* name : {"SLIPWAY_URL", "SLIPWAY_TOKEN"}) {
    if (!context.settings.Variable(name)) continue;
    context.output.Note(
        std::string(name) +
        " is set in the environment and wins over this login; unset it to use the login");
  }
  return absl::OkStatus();
}

absl::Status Logout(Context& context) {
  StoredLogin login = context.settings.stored();
  if (login.token.empty()) {
    return context.settings.token().empty()
               ? BadUsage("not signed in")
               : BadUsage("the token comes from SLIPWAY_TOKEN, not from a login; unset it instead");
  }
  const bool in_use =
      context.settings.token() == login.token && context.settings.url() == login.url;
  // Forgotten here first, so that it is gone whatever the server says.
  const StoredLogin forgotten{.url = {}, .user = {}, .token = {}, .project = login.project};
  SLIPWAY_RETURN_IF_ERROR(context.settings.Store(forgotten));
  if (in_use) {
    const auto answer = context.api.Post(Path("auth", "signOut"), {});
    if (!answer.ok() && !absl::IsUnauthenticated(answer.status())) {
      context.output.Note("the login is forgotten here, but the server was not told: " +
                          MessageOf(answer.status()));
      return absl::OkStatus();
    }
  }
  context.output.Line("signed out of " + login.url);
  return absl::OkStatus();
}

absl::Status Use(Context& context, const std::string& project) {
  SLIPWAY_RETURN_IF_ERROR(context.api.Get(Path("projects/" + project)).status());
  StoredLogin login = context.settings.stored();
  login.project = project;
  SLIPWAY_RETURN_IF_ERROR(context.settings.Store(login));
  context.output.Line("names without a project are in " + project + " from now on");
  const auto from_environment = context.settings.Variable("SLIPWAY_PROJECT");
  if (from_environment && *from_environment != project) {
    context.output.Note("SLIPWAY_PROJECT is " + *from_environment +
                        " and wins over this choice where it is set");
  }
  return absl::OkStatus();
}

absl::Status WhoAmI(Context& context) {
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer, context.api.Get(Path("whoami")));
  if (!context.output.for_people()) {
    context.output.Document(answer);
    return absl::OkStatus();
  }
  const std::string project = context.scope.project;
  context.output.Line(StateWord(Text(answer, "principal.kind")) + " " +
                      Text(answer, "principal.id") + " at " + context.settings.url() +
                      (project.empty() ? "" : ", project " + project));
  Table table;
  for (const bj::value& grant : List(answer, "principal.grants")) {
    table.rows.push_back({StateWord(Text(grant, "role")), "on " + GrantScope(grant)});
  }
  context.output.Raw(table.Render(2));
  return absl::OkStatus();
}

absl::Status CreateToken(Context& context, const TokenArgs& args) {
  const std::vector<std::string> roles = {"view", "build-and-deploy", "admin", "manager",
                                          "super-admin"};
  if (std::find(roles.begin(), roles.end(), args.role) == roles.end())
    return UnknownWord("role", args.role, roles);
  bj::object grant = {{"role", StateOfWord(args.role)}};
  if (!args.project.empty()) grant["project"] = args.project;
  if (!args.app.empty()) {
    NameScope scope = context.scope;
    if (!args.project.empty()) scope.project = args.project;
    SLIPWAY_ASSIGN_OR_RETURN(const std::string app, AppName(args.app, scope));
    const std::vector<std::string> parts = Split(app, '/');
    grant["project"] = parts[1];
    grant["app"] = parts[3];
  }
  if (!args.environment.empty()) grant["environment"] = args.environment;
  bj::object spec = {{"grants", bj::array{std::move(grant)}}};
  if (!args.expires.empty()) {
    const std::string seconds = DurationSeconds(args.expires);
    if (seconds.empty())
      return BadUsage("--expires takes a duration like 90d or 12h, not \"" + args.expires + "\"");
    spec["expires"] = seconds;
  }
  Path path("tokens");
  path.With("tokenId", args.name);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value token,
                           context.api.Post(path, {{"spec", std::move(spec)}}));
  if (!context.output.for_people()) {
    context.output.Document(token);
    return absl::OkStatus();
  }
  context.output.Note("token " + ShortName(Text(token, "name")) + " is valid until " +
                      Text(token, "status.expireTime").substr(0, 10) +
                      "; this is the only time it is shown:");
  context.output.Line(Text(token, "status.secret"));
  return absl::OkStatus();
}

absl::Status ListTokens(Context& context) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("token"));
  return ShowList(context, *kind, Path("tokens"), 1000, "there is no token");
}

absl::Status RevokeToken(Context& context, const std::string& typed) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("token"));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(*kind, typed, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer, context.api.Delete(Path(name)));
  if (!context.output.for_people()) context.output.Document(answer);
  context.output.Line("token " + ShortName(name) + "  revoked");
  return absl::OkStatus();
}

}  // namespace slipway::cli
