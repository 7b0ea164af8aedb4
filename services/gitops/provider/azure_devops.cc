#include "services/gitops/provider/azure_devops.h"

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kHost[] = "Azure DevOps";
constexpr char kVersion[] = "?api-version=7.1";
constexpr char kTokenRemedy[] =
    "make a personal access token of this organisation with the scope Code (read, write and "
    "manage), which has not expired, and give it in spec.token";
constexpr char kCode[] =
    "\"code\" (Code: read, write and manage), and its user the permissions Create repository and "
    "Delete repository";

bool IsSignInPage(const ApiAnswer& answer) {
  return answer.status == 203 || answer.status == 302 ||
         (answer.status < 300 && !answer.is_json && answer.status != 204);
}

}  // namespace

AzureDevOps::AzureDevOps(const Means& means, Account account)
    : account_(std::move(account)),
      api_({.client = means.client,
            .clock = means.clock,
            .host = kHost,
            .base = account_.endpoints.api,
            .headers = {{"Accept", "application/json"}},
            .authorization = "Basic " + Base64Encode(":" + account_.token),
            .tls = account_.tls,
            // The page for signing in is on another host.
            .follow_redirects = false,
            .stop = means.stop}) {}

std::string AzureDevOps::Path(const std::string& rest) const {
  return "/" + http::PercentEncode(account_.spec.project()) + "/_apis/git/" + rest + kVersion;
}

absl::Status AzureDevOps::Refused(const ApiAnswer& answer, const std::string& action,
                                  bool signed_in) const {
  if (IsSignInPage(answer) || (answer.status == 401 && !signed_in))
    return TokenRefused(kHost, MessageIn(answer), kTokenRemedy);
  if (answer.status == 401 || answer.status == 403) return ScopeMissing(kHost, action, kCode);
  if (!answer.is_json) return NotItsApi(kHost, api_.base(), answer.status);
  return HostRefused(kHost, action, answer.status, MessageIn(answer));
}

absl::StatusOr<Identity> AzureDevOps::Authenticate() {
  // The one list that the scope Code alone can read.
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer list, api_.Get(Path("repositories")));
  if (list.status == 404)
    return PlaceNotFound(kHost, "project", account_.spec.project(), "project");
  if (list.status != 200 || !list.is_json) return Refused(list, "list repositories", false);
  boost::json::value project;
  if (const auto* of_first = json::Find(list.body, "value[0].project")) project = *of_first;
  if (project.is_null()) {
    SLIPWAY_ASSIGN_OR_RETURN(
        const ApiAnswer got,
        api_.Get("/_apis/projects/" + http::PercentEncode(account_.spec.project()) + kVersion));
    // Needs another scope than Code; without it, the path names the project well enough.
    if (got.status == 200 && got.is_json) project = got.body;
  }
  project_id_ = json::GetString(project, "id").value_or("");
  if (json::GetString(project, "visibility") == "public") {
    return PlaceUnfit(
        kHost,
        "project \"" + account_.spec.project() + "\" is public, and so is every repository in it",
        "give a private project in spec.project");
  }
  return Identity{};
}

HostedRepository AzureDevOps::Read(const boost::json::value& body) const {
  const std::string name = json::GetString(body, "name").value_or("");
  return {.id = json::GetString(body, "id").value_or(""),
          .name = name,
          .clone_url = account_.endpoints.git + "/" + http::PercentEncode(account_.spec.project()) +
                       "/_git/" + http::PercentEncode(name),
          .is_private = json::GetString(body, "project.visibility") != "public"};
}

absl::StatusOr<std::optional<HostedRepository>> AzureDevOps::Find(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer,
                           api_.Get(Path("repositories/" + http::PercentEncode(name))));
  if (answer.status == 404) return std::nullopt;
  if (answer.status != 200 || !answer.is_json)
    return Refused(answer, "see repository \"" + name + "\"", true);
  if (json::GetBool(answer.body, "isDisabled").value_or(false)) {
    return PlaceUnfit(kHost, "repository \"" + name + "\" is disabled",
                      "enable it in the settings of the project, or choose another name");
  }
  return Read(answer.body);
}

absl::StatusOr<HostedRepository> AzureDevOps::Create(const std::string& name) {
  boost::json::object body{{"name", name}};
  if (!project_id_.empty()) body["project"] = {{"id", project_id_}};
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Post(Path("repositories"), body));
  if (answer.status == 201 && answer.is_json) return Read(answer.body);
  if (answer.status == 409) return NameTaken(kHost, name);
  return Refused(answer, "create repositories", true);
}

absl::Status AzureDevOps::Delete(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto found, Find(name));
  if (!found) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Delete(Path("repositories/" + found->id)));
  if (answer.status == 404) return absl::OkStatus();
  if (answer.status != 204 && answer.status != 200)
    return Refused(answer, "delete repositories", true);
  // Out of the recycle bin as well, where it would be for 30 days. Where that is not allowed, it
  // stays there: nobody sees it, and its name is free.
  return api_.Delete(Path("recycleBin/repositories/" + found->id)).status();
}

absl::StatusOr<std::vector<std::string>> AzureDevOps::ListNames(const std::string& prefix) {
  SLIPWAY_ASSIGN_OR_RETURN(const ApiAnswer answer, api_.Get(Path("repositories")));
  if (answer.status != 200 || !answer.is_json) return Refused(answer, "list repositories", true);
  return api_.NamesIn(answer, "value", prefix, [](const boost::json::value& repository) {
    return json::GetString(repository, "name").value_or("");
  });
}

}  // namespace slipway::gitops::provider
