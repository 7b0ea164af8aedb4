#include "services/gitops/testing/fake_hosts/fake_gitlab.h"

#include "libs/base/strings.h"

namespace slipway::gitops::fake {
namespace {

constexpr int kGroup = 42;
constexpr char kGroupPath[] = "acme/platform";
constexpr char kDeleted[] = "-deletion_scheduled-";

http::ServerResponse NotFoundAs(const char* what) {
  return {.status = 404,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::string("{\"message\":\"404 ") + what + " Not Found\"}"};
}

}  // namespace

FakeGitLab::FakeGitLab() : FakeHost("/api/v4") {
  scopes_ = {"api"};
  git_.RequirePassword("oauth2", kToken);
  Start();
}

boost::json::object FakeGitLab::Describe(const std::string& name) const {
  const FakeRepository& project = repositories_.at(name);
  boost::json::object object{{"id", project.id},
                             {"path", name},
                             {"path_with_namespace", std::string(kGroupPath) + "/" + name},
                             {"visibility", project.is_private ? "private" : "public"},
                             {"empty_repo", true},
                             {"default_branch", nullptr}};
  object["marked_for_deletion_on"] = nullptr;
  if (project.pending_deletion) object["marked_for_deletion_on"] = "2026-11-21";
  return object;
}

http::ServerResponse FakeGitLab::Answer(const Call& call) {
  const bool known = call.Header("Authorization") == Join({"Bearer", kToken}, " ") ||
                     call.Header("PRIVATE-TOKEN") == kToken;
  if (!known) return Json(401, {{"message", "401 Unauthorized"}});
  if (call.Is("GET", "/personal_access_tokens/self")) {
    if (old_) return NotFoundAs("Personal Access Token");
    boost::json::array scopes;
    for (const std::string& scope : scopes_) scopes.emplace_back(scope);
    return Json(200, {{"id", 7},
                      {"name", "slipway"},
                      {"scopes", scopes},
                      {"active", true},
                      {"expires_at", expires_}});
  }
  if (!HasScope("api")) {
    return Json(403, {{"error", "insufficient_scope"},
                      {"error_description",
                       "The request requires higher privileges than provided by the access token."},
                      {"scope", "api"}});
  }
  if (call.Is("GET", "/groups/*")) {
    if (call.path[1] != std::to_string(kGroup) && call.path[1] != kGroupPath)
      return NotFoundAs("Group");
    return Json(200, {{"id", kGroup}, {"full_path", kGroupPath}});
  }
  if (call.Is("GET", "/groups/42/projects")) {
    boost::json::array all;
    for (const auto& [name, project] : repositories_) {
      if (!project.hidden && name.find(call.query.at("search")) != std::string::npos)
        all.push_back(Describe(name));
    }
    return Json(200, all);
  }
  if (call.Is("POST", "/projects")) return Create(call);
  if (call.path.size() == 2 && call.path[0] == "projects") return OneProject(call);
  return NotFoundAs("Page");
}

std::string FakeGitLab::NameOf(const std::string& id_or_path) const {
  for (const auto& [name, project] : repositories_) {
    if (project.hidden) continue;
    if (std::to_string(project.id) == id_or_path ||
        std::string(kGroupPath) + "/" + name == id_or_path)
      return name;
  }
  return "";
}

http::ServerResponse FakeGitLab::OneProject(const Call& call) {
  const std::string name = NameOf(call.path[1]);
  if (name.empty()) return NotFoundAs("Project");
  if (call.method == "GET") return Json(200, Describe(name));
  if (call.method == "DELETE") return Delete(call, name);
  return Json(405, {{"error", "405 Not Allowed"}});
}

http::ServerResponse FakeGitLab::Create(const Call& call) {
  const std::string name(call.body.at("path").as_string());
  if (call.body.at("namespace_id").as_int64() != kGroup)
    return Json(400, {{"message", "Namespace is not valid"}});
  const bool is_private = call.body.at("visibility").as_string() == "private";
  if (!Make(name, {.is_private = is_private})) {
    boost::json::array taken;
    taken.emplace_back("has already been taken");
    return Json(400, {{"message", boost::json::object{{"name", taken}, {"path", taken}}}});
  }
  return Json(201, Describe(name));
}

http::ServerResponse FakeGitLab::Delete(const Call& call, const std::string& name) {
  FakeRepository project = repositories_.at(name);
  if (old_) {
    Remove(name);
    return Json(202, {{"message", "202 Accepted"}});
  }
  const auto full_path = call.query.find("full_path");
  if (project.pending_deletion) {
    if (!call.query.contains("permanently_remove"))
      return Json(400, {{"message", "Project has been already marked for deletion"}});
    if (full_path == call.query.end() ||
        full_path->second != std::string(kGroupPath) + "/" + name) {
      return Json(400, {{"message", "`full_path` is incorrect. You must enter the complete path"}});
    }
    Remove(name);
    return Json(202, {{"message", "202 Accepted"}});
  }
  const std::string marked = name + kDeleted + std::to_string(project.id);
  project.pending_deletion = true;
  Remove(name);
  Make(marked, project);
  return Json(202, {{"message", "202 Accepted"}});
}

}  // namespace slipway::gitops::fake
