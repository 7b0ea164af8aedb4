#include "services/gitops/provider/gitlab.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kHost[] = "GitLab";
constexpr char kTokenRemedy[] =
    "make a personal, group or project access token with the scope api and give it in spec.token";
constexpr char kApi[] =
    "\"api\" (complete read and write access to the API; it covers write_repository)";
constexpr char kRole[] =
    "\"api\", and its user a role in the group that may create and delete projects (Maintainer or "
    "Owner)";

bool IsMarked(const boost::json::value& project) {
  for (const char* key : {"marked_for_deletion_on", "marked_for_deletion_at"}) {
    const boost::json::value* mark = json::Find(project, key);
    if (mark != nullptr && !mark->is_null()) return true;
  }
  return false;
}

}  // namespace

GitLab::GitLab(const Means& means, Account account)
    : account_(std::move(account)),
      api_({.client = means.client,
            .clock = means.clock,
            .host = kHost,
            .base = account_.endpoints.api,
            .authorization = "Bearer " + account_.token,
            .tls = account_.tls,
            .stop = means.stop}) {}

absl::Status GitLab::Refused(const ApiAnswer& answer, const std::string& action) const {
  if (answer.status == 401) return TokenRefused(kHost, MessageIn(answer), kTokenRemedy);
  if (!answer.is_json) return NotItsApi(kHost, api_.base(), answer.status);
  if (answer.status == 403) {
    const bool scope = json::GetString(answer.body, "error") == "insufficient_scope";
    return ScopeMissing(kHost, action, scope ? kApi : kRole);
  }
  return HostRefused(kHost, action, answer.status, MessageIn(answer));
}

absl::Status GitLab::CheckToken(const boost::json::value& token, Identity& identity) const {
  const boost::json::array* scopes = json::GetArray(token, "scopes");
  const bool has_api =
      scopes != nullptr && std::any_of(scopes->begin(), scopes->end(), [](const auto& scope) {
        return scope.is_string() && scope.as_string() == "api";
      });
  if (!has_api) return ScopeMissing(kHost, "create and delete projects", kApi);
  absl::Time expires;
  const std::string date = json::GetString(token, "expires_at").value_or("");
  if (absl::ParseTime("%Y-%m-%d", date, &expires, nullptr))
    api_.WarnOfExpiry(expires, identity.warnings);
  return absl::OkStatus();
}

absl::StatusOr<Identity> GitLab::Authenticate() {
  Identity identity;
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer token, api_.Get("/personal_access_tokens/self"));
  if (token.ok()) {
    SLIPWAY_RETURN_IF_ERROR(CheckToken(token.body, identity));
    identity.user = json::GetString(token.body, "name").value_or("");
  } else if (token.status == 401) {
    return Refused(token, "read its own token");
  }
  // Older servers do not tell about the token; there, each refusal tells what is missing.
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer group,
                           api_.Get("/groups/" + http::PercentEncode(account_.spec.group_id()) +
                                    "?with_projects=false"));
  if (group.status == 404)
    return PlaceNotFound(kHost, "group", account_.spec.group_id(), "groupId");
  if (!group.ok()) return Refused(group, "see group \"" + account_.spec.group_id() + "\"");
  group_id_ = json::GetInt(group.body, "id").value_or(0);
  group_path_ = json::GetString(group.body, "full_path").value_or("");
  if (group_id_ == 0 || group_path_.empty()) return NotItsApi(kHost, api_.base(), group.status);
  return identity;
}

HostedRepository GitLab::Read(const boost::json::value& body) const {
  const std::string path = json::GetString(body, "path_with_namespace").value_or("");
  // Without ".git" some installations redirect.
  return {.id = std::to_string(json::GetInt(body, "id").value_or(0)),
          .name = json::GetString(body, "path").value_or(""),
          .clone_url = account_.endpoints.git + "/" + path + ".git",
          .is_private = json::GetString(body, "visibility") == "private"};
}

absl::StatusOr<std::optional<HostedRepository>> GitLab::Find(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Get("/projects/" + http::PercentEncode(group_path_ + "/" + name)));
  if (answer.status == 404) return std::nullopt;
  if (!answer.ok()) return Refused(answer, "see project \"" + name + "\"");
  if (IsMarked(answer.body)) {
    return PlaceUnfit(kHost, "project \"" + name + "\" is marked for deletion",
                      "restore it, delete it for good, or choose another name in spec.repository");
  }
  return Read(answer.body);
}

absl::StatusOr<HostedRepository> GitLab::Create(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Post("/projects", {{"name", name},
                                                   {"path", name},
                                                   {"namespace_id", group_id_},
                                                   {"visibility", "private"},
                                                   {"initialize_with_readme", false},
                                                   {"description", "Written by Slipway"}}));
  if (answer.status == 201 && answer.is_json) return Read(answer.body);
  if (answer.status == 400 && MessageIn(answer).find("already been taken") != std::string::npos)
    return NameTaken(kHost, name);
  return Refused(answer, "create projects in group \"" + group_path_ + "\"");
}

absl::Status GitLab::Delete(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer found,
                           api_.Get("/projects/" + http::PercentEncode(group_path_ + "/" + name)));
  if (found.status == 404) return absl::OkStatus();
  if (!found.ok()) return Refused(found, "see project \"" + name + "\"");
  const std::string path = "/projects/" + Read(found.body).id;
  if (!IsMarked(found.body)) {
    SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer deleted, api_.Delete(path));
    if (deleted.status == 404) return absl::OkStatus();
    if (deleted.status != 202 && deleted.status != 204 && deleted.status != 200)
      return Refused(deleted, "delete projects");
  }
  // Marked only, from version 18 on: it is renamed then, and its new path must be given.
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer left, api_.Get(path));
  if (!left.ok() || !IsMarked(left.body)) return absl::OkStatus();
  const std::string full = json::GetString(left.body, "path_with_namespace").value_or("");
  SLIPWAY_ASSIGN_OR_RETURN(
      const ApiAnswer removed,
      api_.Delete(path + "?permanently_remove=true&full_path=" + http::PercentEncode(full)));
  // Where the installation forbids it, the project goes by itself when its time is over.
  return removed.status == 401 ? Refused(removed, "delete projects") : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> GitLab::ListNames(const std::string& prefix) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const ApiAnswer answer,
      api_.Get("/groups/" + std::to_string(group_id_) +
               "/projects?per_page=100&simple=true&search=" + http::PercentEncode(prefix)));
  if (!answer.ok()) return Refused(answer, "list projects");
  // Also those that are only marked: who marked one may have died before it was deleted for good.
  return api_.NamesIn(answer, "", prefix, [](const boost::json::value& project) {
    return json::GetString(project, "path").value_or("");
  });
}

}  // namespace slipway::gitops::provider
