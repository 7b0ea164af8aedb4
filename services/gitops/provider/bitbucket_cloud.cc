#include "services/gitops/provider/bitbucket_cloud.h"

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kHost[] = "Bitbucket Cloud";
constexpr char kTokenRemedy[] =
    "make an API token with the scopes of repositories (read, write, admin, delete) and read of "
    "projects, give it in spec.token and the account's e-mail in spec.email; app passwords are not "
    "accepted any more";
constexpr char kRepo[] =
    "\"repo\" (full control of repositories: read, write, admin, delete; of an API token "
    "read:repository:bitbucket, write:repository:bitbucket, admin:repository:bitbucket and "
    "delete:repository:bitbucket)";
constexpr char kProject[] =
    "\"read:project:bitbucket\", or give spec.projectKey, for which it is not needed";

std::string AuthorizationOf(const Account& account) {
  if (account.spec.email().empty()) return "Bearer " + account.token;
  return "Basic " + Base64Encode(account.spec.email() + ":" + account.token);
}

}  // namespace

BitbucketCloud::BitbucketCloud(const Means& means, Account account)
    : account_(std::move(account)),
      api_({.client = means.client,
            .clock = means.clock,
            .host = kHost,
            .base = account_.endpoints.api,
            .authorization = AuthorizationOf(account_),
            .tls = account_.tls,
            .stop = means.stop}),
      project_key_(account_.spec.project_key()) {}

std::string BitbucketCloud::Path(const std::string& name) const {
  return "/repositories/" + http::PercentEncode(workspace()) + "/" + http::PercentEncode(name);
}

absl::Status BitbucketCloud::Refused(const ApiAnswer& answer, const std::string& action,
                                     const std::string& scope) const {
  if (answer.status == 401 || answer.status == 410)
    return TokenRefused(kHost, MessageIn(answer), kTokenRemedy);
  if (!answer.is_json) return NotItsApi(kHost, api_.base(), answer.status);
  if (answer.status == 403) return ScopeMissing(kHost, action, scope);
  return HostRefused(kHost, action, answer.status, MessageIn(answer));
}

absl::StatusOr<Identity> BitbucketCloud::Authenticate() {
  // The user can be read with a scope of its own only; one without it is asked no further.
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer user, api_.Get("/user"));
  if (!user.ok() && user.status != 403 && user.status != 404)
    return Refused(user, "read its own user", kRepo);
  Identity identity{.user = json::GetString(user.body, "display_name").value_or("")};
  SLIPWAY_ASSIGN_OR_RETURN(
      const ApiAnswer list,
      api_.Get("/repositories/" + http::PercentEncode(workspace()) + "?pagelen=1"));
  if (list.status == 404) return PlaceNotFound(kHost, "workspace", workspace(), "workspace");
  if (!list.ok()) return Refused(list, "list repositories", kRepo);
  SLIPWAY_RETURN_IF_ERROR(FindProject());
  return identity;
}

absl::Status BitbucketCloud::FindProject() {
  const std::string projects = "/workspaces/" + http::PercentEncode(workspace()) + "/projects";
  if (!account_.spec.project_key().empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                             api_.Get(projects + "/" + http::PercentEncode(project_key_)));
    if (answer.status == 404) return PlaceNotFound(kHost, "project", project_key_, "projectKey");
    // A token that may not read projects may still make repositories in this one.
    if (answer.status == 403) return absl::OkStatus();
    return answer.ok() ? absl::OkStatus() : Refused(answer, "see projects", kProject);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer oldest,
                           api_.Get(projects + "?sort=created_on&pagelen=1"));
  if (!oldest.ok()) return Refused(oldest, "see projects", kProject);
  project_key_ = json::GetString(oldest.body, "values[0].key").value_or("");
  if (!project_key_.empty()) return absl::OkStatus();
  return PlaceUnfit(kHost, "workspace \"" + workspace() + "\" has no project",
                    "create one there; repositories need one");
}

HostedRepository BitbucketCloud::Read(const boost::json::value& body) const {
  const std::string full = json::GetString(body, "full_name").value_or("");
  return {.id = json::GetString(body, "uuid").value_or(""),
          .name = full.substr(full.find('/') + 1),
          .clone_url = account_.endpoints.git + "/" + full + ".git",
          .is_private = json::GetBool(body, "is_private").value_or(false)};
}

absl::StatusOr<std::optional<HostedRepository>> BitbucketCloud::Find(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Get(Path(name)));
  if (answer.status == 404) return std::nullopt;
  if (!answer.ok()) return Refused(answer, "see repository \"" + name + "\"", kRepo);
  return Read(answer.body);
}

absl::StatusOr<HostedRepository> BitbucketCloud::Create(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Post(Path(name), {{"scm", "git"},
                                                  {"is_private", true},
                                                  {"project", {{"key", project_key_}}},
                                                  {"description", "Written by Slipway"}}));
  if (answer.ok()) return Read(answer.body);
  if (answer.status == 400 && MessageIn(answer).find("already exists") != std::string::npos)
    return NameTaken(kHost, name);
  return Refused(answer, "create repositories in \"" + workspace() + "\"", kRepo);
}

absl::Status BitbucketCloud::Delete(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Delete(Path(name)));
  if (answer.status == 204 || answer.status == 404) return absl::OkStatus();
  return Refused(answer, "delete repositories", kRepo);
}

absl::StatusOr<std::vector<std::string>> BitbucketCloud::ListNames(const std::string& prefix) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Get("/repositories/" + http::PercentEncode(workspace()) +
                                    "?pagelen=100&sort=-created_on&q=" +
                                    http::PercentEncode("name ~ \"" + prefix + "\"")));
  if (!answer.ok()) return Refused(answer, "list repositories", kRepo);
  return api_.NamesIn(answer, "values", prefix, [this](const boost::json::value& repository) {
    return Read(repository).name;
  });
}

}  // namespace slipway::gitops::provider
