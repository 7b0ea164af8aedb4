#include "services/gitops/provider/github.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kHost[] = "GitHub";
constexpr char kTokenRemedy[] =
    "make a personal access token with the scopes repo and delete_repo and give it in spec.token";
constexpr char kRepo[] =
    "\"repo\" (full control of private repositories), or of a fine-grained token the permissions "
    "Administration and Contents, read and write";
constexpr char kDeleteRepo[] =
    "\"delete_repo\" (delete access on private repositories), or of a fine-grained token the "
    "permission Administration, read and write";

std::vector<std::string> ScopesIn(std::string_view header) {
  std::vector<std::string> scopes;
  for (const std::string& scope : Split(header, ',')) scopes.emplace_back(Trim(scope));
  return scopes;
}

bool Has(const std::vector<std::string>& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

bool HasHeader(const ApiAnswer& answer, std::string_view name) {
  return std::any_of(answer.headers.begin(), answer.headers.end(),
                     [&](const auto& header) { return http::SameHeaderName(header.first, name); });
}

}  // namespace

GitHub::GitHub(const Means& means, Account account)
    : account_(std::move(account)),
      api_({.client = means.client,
            .clock = means.clock,
            .host = kHost,
            .base = account_.endpoints.api,
            .headers = {{"Accept", "application/vnd.github+json"},
                        {"X-GitHub-Api-Version", "2022-11-28"}},
            .authorization = "Bearer " + account_.token,
            .tls = account_.tls,
            .stop = means.stop}) {}

absl::Status GitHub::Refused(const ApiAnswer& answer, const std::string& action,
                             const std::string& scope) const {
  if (answer.status == 401) return TokenRefused(kHost, MessageIn(answer), kTokenRemedy);
  if (HasHeader(answer, "X-GitHub-SSO")) {
    return PlaceUnfit(kHost, "organization \"" + owner() + "\" asks for single sign-on",
                      "authorize the token for it: on the page of the token, \"Configure SSO\"");
  }
  if (!answer.is_json) return NotItsApi(kHost, api_.base(), answer.status);
  // 404 is how GitHub says "forbidden" about what is private.
  if (answer.status == 403 || answer.status == 404) return ScopeMissing(kHost, action, scope);
  return HostRefused(kHost, action, answer.status, MessageIn(answer));
}

absl::StatusOr<Identity> GitHub::Authenticate() {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Get("/user"));
  if (!answer.ok()) return Refused(answer, "read its own user", kRepo);
  const auto login = json::GetString(answer.body, "login");
  if (!login) return NotItsApi(kHost, api_.base(), answer.status);
  login_ = *login;
  // Of the documented scopes admin:org is not needed: repositories are made with repo alone.
  if (HasHeader(answer, "X-OAuth-Scopes")) {
    const auto scopes = ScopesIn(answer.Header("X-OAuth-Scopes"));
    if (!Has(scopes, "repo")) return ScopeMissing(kHost, "use private repositories", kRepo);
    if (!Has(scopes, "delete_repo")) return ScopeMissing(kHost, "delete repositories", kDeleteRepo);
  }
  SLIPWAY_RETURN_IF_ERROR(FindOwner());
  Identity identity{.user = login_};
  // "2026-12-01 10:00:00 UTC"
  absl::Time expires;
  if (absl::ParseTime(
          "%Y-%m-%d %H:%M:%S",
          std::string(answer.Header("GitHub-Authentication-Token-Expiration")).substr(0, 19),
          &expires, nullptr)) {
    api_.WarnOfExpiry(expires, identity.warnings);
  }
  return identity;
}

absl::Status GitHub::FindOwner() {
  const std::string path = http::PercentEncode(owner());
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer organization, api_.Get("/orgs/" + path));
  is_user_ = false;
  if (organization.ok()) return absl::OkStatus();
  if (organization.status != 404)
    return Refused(organization, "see organization \"" + owner() + "\"", kRepo);
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer user, api_.Get("/users/" + path));
  if (user.status == 404) return PlaceNotFound(kHost, "organization", owner(), "organization");
  if (!user.ok()) return Refused(user, "see user \"" + owner() + "\"", kRepo);
  is_user_ = ToLower(owner()) == ToLower(login_);
  if (is_user_) return absl::OkStatus();
  return PlaceUnfit(
      kHost,
      "\"" + owner() + "\" is the account of another user than the token's, \"" + login_ + "\"",
      "give an organization, or the token of that user");
}

HostedRepository GitHub::Read(const boost::json::value& body) const {
  // A renamed repository is answered by its new name.
  const std::string full = json::GetString(body, "full_name").value_or("");
  const std::string name = json::GetString(body, "name").value_or("");
  return {.id = full,
          .name = name,
          .clone_url = account_.endpoints.git + "/" + full + ".git",
          .is_private = json::GetBool(body, "private").value_or(false)};
}

absl::StatusOr<std::optional<HostedRepository>> GitHub::Find(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const ApiAnswer answer,
      api_.Get("/repos/" + http::PercentEncode(owner()) + "/" + http::PercentEncode(name)));
  if (answer.status == 404) return std::nullopt;
  if (!answer.ok()) return Refused(answer, "see repository \"" + name + "\"", kRepo);
  return Read(answer.body);
}

absl::StatusOr<HostedRepository> GitHub::Create(const std::string& name) {
  const std::string path =
      is_user_ ? "/user/repos" : "/orgs/" + http::PercentEncode(owner()) + "/repos";
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Post(path, {{"name", name},
                                            {"private", true},
                                            {"auto_init", false},
                                            {"description", "Written by Slipway"}}));
  if (answer.status == 201 && answer.is_json) return Read(answer.body);
  if (answer.status == 422 && MessageIn(answer).find("already exists") != std::string::npos)
    return NameTaken(kHost, name);
  return Refused(answer, "create repositories in \"" + owner() + "\"", kRepo);
}

absl::Status GitHub::Delete(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const ApiAnswer answer,
      api_.Delete("/repos/" + http::PercentEncode(owner()) + "/" + http::PercentEncode(name)));
  if (answer.status == 204 || answer.status == 404) return absl::OkStatus();
  return Refused(answer, "delete repositories", kDeleteRepo);
}

absl::StatusOr<std::vector<std::string>> GitHub::ListNames(const std::string& prefix) {
  const std::string path = is_user_ ? std::string("/user/repos?affiliation=owner&")
                                    : "/orgs/" + http::PercentEncode(owner()) + "/repos?";
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Get(path + "per_page=100&sort=created&direction=desc"));
  if (!answer.ok()) return Refused(answer, "list repositories", kRepo);
  return api_.NamesIn(answer, "", prefix, [](const boost::json::value& repository) {
    return json::GetString(repository, "name").value_or("");
  });
}

}  // namespace slipway::gitops::provider
