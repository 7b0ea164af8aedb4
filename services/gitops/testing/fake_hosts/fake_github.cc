#include "services/gitops/testing/fake_hosts/fake_github.h"

#include "libs/base/strings.h"

namespace slipway::gitops::fake {
namespace {

constexpr char kPages[] = "https://docs.github.com/rest";

boost::json::object Message(const std::string& text) {
  return {{"message", text}, {"documentation_url", kPages}};
}

}  // namespace

FakeGitHub::FakeGitHub() : FakeHost("") {
  scopes_ = {"admin:org", "delete_repo", "repo"};
  git_.RequirePassword("x-access-token", kToken);
  Start();
}

void FakeGitHub::Rename(const std::string& from, const std::string& to) { renamed_[from] = to; }

boost::json::object FakeGitHub::Describe(const std::string& name) const {
  const FakeRepository& repository = repositories_.at(name);
  const std::string full = OwnerOf(name) + "/" + name;
  return {{"id", repository.id},      {"name", name},
          {"full_name", full},        {"private", repository.is_private},
          {"default_branch", "main"}, {"clone_url", GitUrl() + "/" + full + ".git"}};
}

http::ServerResponse FakeGitHub::Answer(const Call& call) {
  if (call.Header("User-Agent").empty()) {
    return {.status = 403,
            .headers = {{"Content-Type", "text/html"}},
            .body = "Request forbidden by administrative rules."};
  }
  if (call.Is("GET", "/")) return Json(200, {{"current_user_url", ApiUrl() + "/user"}});
  if (call.Header("Authorization") != std::string("Bearer ") + kToken)
    return Json(401, Message("Bad credentials"));
  http::ServerResponse response = Route(call);
  response.headers.emplace_back("X-RateLimit-Limit", "5000");
  response.headers.emplace_back("X-RateLimit-Remaining", "4987");
  if (!fine_grained_) response.headers.emplace_back("X-OAuth-Scopes", Join(scopes_, ", "));
  return response;
}

http::ServerResponse FakeGitHub::Route(const Call& call) {
  if (call.Is("GET", "/user")) return Json(200, {{"login", "ada"}, {"type", "User"}});
  if (call.Is("GET", "/orgs/acme")) return Json(200, {{"login", "acme"}, {"type", "Organization"}});
  if (call.Is("GET", "/users/ada") || call.Is("GET", "/users/bob"))
    return Json(200, {{"login", call.path[1]}, {"type", "User"}});
  if (call.Is("POST", "/orgs/acme/repos") || call.Is("POST", "/user/repos")) return Create(call);
  if (call.Is("GET", "/orgs/acme/repos") || call.Is("GET", "/user/repos")) {
    boost::json::array all;
    for (const auto& [name, repository] : repositories_) {
      if (!repository.hidden) all.push_back(Describe(name));
    }
    return Json(200, all);
  }
  if (call.path.size() == 3 && call.path[0] == "repos" && call.path[1] == OwnerOf(call.path[2])) {
    const std::string& name = call.path[2];
    if (const auto renamed = renamed_.find(name); renamed != renamed_.end()) {
      return Json(301, Message("Moved Permanently"),
                  {{"Location", ApiUrl() + "/repos/acme/" + renamed->second}});
    }
    if (Seen(name) == nullptr || !HasScope("repo")) return Json(404, Message("Not Found"));
    if (call.method == "GET") return Json(200, Describe(name));
    if (call.method == "DELETE") {
      if (!HasScope("delete_repo"))
        return Json(403, Message("Must have admin rights to Repository."));
      Remove(name);
      return {.status = 204};
    }
  }
  return Json(404, Message("Not Found"));
}

http::ServerResponse FakeGitHub::Create(const Call& call) {
  if (!HasScope("repo")) return Json(404, Message("Not Found"));
  const auto* name = call.body.if_contains("name");
  const auto problem = [](const std::string& message, const std::string& code,
                          const std::string& why) {
    const boost::json::object error = {
        {"resource", "Repository"}, {"code", code}, {"field", "name"}, {"message", why}};
    boost::json::object body = Message(message);
    body["errors"] = boost::json::array();
    body["errors"].as_array().push_back(error);
    return Json(422, body);
  };
  if (name == nullptr || !name->is_string())
    return problem("Validation Failed", "missing_field", "is missing");
  const bool is_private = call.body.contains("private") && call.body.at("private").as_bool();
  const std::string text(name->as_string());
  if (call.path[0] == "user" && !repositories_.contains(text)) of_user_.insert(text);
  if (!Make(text, {.is_private = is_private}))
    return problem("Repository creation failed.", "custom", "name already exists on this account");
  return Json(201, Describe(text));
}

}  // namespace slipway::gitops::fake
