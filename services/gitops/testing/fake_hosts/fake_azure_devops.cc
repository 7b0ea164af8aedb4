#include "services/gitops/testing/fake_hosts/fake_azure_devops.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/strings.h"

namespace slipway::gitops::fake {
namespace {

constexpr char kProjectGuid[] = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";

boost::json::object Problem(const std::string& message, const std::string& type) {
  return {{"$id", "1"}, {"message", message}, {"typeKey", type}, {"errorCode", 0}};
}

}  // namespace

FakeAzureDevOps::FakeAzureDevOps() : FakeHost("") {
  scopes_ = {"vso.code_manage"};
  git_.RequirePassword("slipway", kToken);
  Start();
}

// The git server takes the path of a URL as it was sent.
std::string FakeAzureDevOps::FolderOf(const std::string& name) const {
  return "acme/Shop%20Floor/_git/" + name;
}

std::string FakeAzureDevOps::GuidOf(const FakeRepository& repository) const {
  return "5febef5a-833d-4e14-b9c0-" + std::to_string(100000000000 + repository.id);
}

boost::json::object FakeAzureDevOps::Project() const {
  return {{"id", kProjectGuid},
          {"name", "Shop Floor"},
          {"state", "wellFormed"},
          {"visibility", public_ ? "public" : "private"}};
}

boost::json::object FakeAzureDevOps::Describe(const std::string& name) const {
  const FakeRepository& repository = repositories_.at(name);
  return {{"id", GuidOf(repository)},
          {"name", name},
          {"project", Project()},
          {"isDisabled", repository.pending_deletion},
          {"size", 0}};
}

http::ServerResponse FakeAzureDevOps::Answer(const Call& call) {
  if (call.Is("GET", "/acme")) return {.status = 200, .body = "<html>Azure DevOps</html>"};
  if (call.Header("Authorization") != "Basic " + Base64Encode(Join({"", kToken}, ":"))) {
    if (redirects_) {
      return {.status = 302,
              .headers = {{"Location", "https://spsprodweu1.vssps.visualstudio.com/_signin"}}};
    }
    return {.status = 203,
            .headers = {{"Content-Type", "text/html; charset=utf-8"}},
            .body = "<html>Azure DevOps Services | Sign In</html>"};
  }
  if (!call.query.contains("api-version")) {
    return Json(400, Problem("No api-version was supplied for the request",
                             "VssVersionNotSpecifiedException"));
  }
  if (call.path.size() >= 3 && call.path[1] == "_apis" && call.path[2] == "projects") {
    if (!HasScope("vso.project")) return {.status = 401};
    return Json(200, Project());
  }
  if (call.path.size() < 5 || call.path[0] != "acme" || call.path[1] != "Shop Floor") {
    return Json(404, Problem("TF200016: The following project does not exist.",
                             "ProjectDoesNotExistWithNameException"));
  }
  if (call.Is("DELETE", "/acme/*/_apis/git/recycleBin/repositories/*")) {
    const auto found = std::find(bin_.begin(), bin_.end(), call.path.back());
    if (found == bin_.end()) return Json(404, Problem("TF401019", "GitRepositoryNotFound"));
    bin_.erase(found);
    return {.status = 204};
  }
  if (call.path.size() == 5) return Repositories(call);
  return OneRepository(call);
}

http::ServerResponse FakeAzureDevOps::Repositories(const Call& call) {
  if (call.method == "GET") {
    boost::json::array all;
    for (const auto& [name, repository] : repositories_) {
      if (!repository.hidden) all.push_back(Describe(name));
    }
    return Json(200, {{"count", all.size()}, {"value", all}});
  }
  if (!HasScope("vso.code_manage")) {
    return Json(403, Problem("TF401027: You need the Git 'CreateRepository' permission to perform "
                             "this action.",
                             "GitNeedsPermissionException"));
  }
  const std::string name(call.body.at("name").as_string());
  if (!Make(name, {})) {
    return Json(409,
                Problem("TF400948: A Git repository with the name " + name + " already exists.",
                        "GitRepositoryNameAlreadyExistsException"));
  }
  return Json(201, Describe(name));
}

http::ServerResponse FakeAzureDevOps::OneRepository(const Call& call) {
  const std::string& wanted = call.path[5];
  for (const auto& [name, repository] : repositories_) {
    if (repository.hidden) continue;
    const std::string guid = GuidOf(repository);
    if (call.method == "GET" && (wanted == name || wanted == guid))
      return Json(200, Describe(name));
    if (call.method == "DELETE" && wanted == guid) {
      if (!HasScope("vso.code_manage"))
        return Json(403, Problem("TF401027", "GitNeedsPermissionException"));
      bin_.push_back(guid);
      Remove(name);
      return {.status = 204};
    }
  }
  return Json(404, Problem("TF401019: The Git repository with name or identifier " + wanted +
                               " does not exist or you do not have permissions",
                           "GitRepositoryNotFoundException"));
}

}  // namespace slipway::gitops::fake
