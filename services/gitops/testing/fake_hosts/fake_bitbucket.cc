#include "services/gitops/testing/fake_hosts/fake_bitbucket.h"

#include "libs/base/encoding.h"
#include "libs/base/strings.h"

namespace slipway::gitops::fake {
namespace {

boost::json::object Problem(const std::string& message) {
  return {{"type", "error"}, {"error", boost::json::object{{"message", message}}}};
}

boost::json::object MissingScope(const std::string& scope) {
  return {{"type", "error"},
          {"error", boost::json::object{
                        {"message", "Your credentials lack one or more required privilege scopes."},
                        {"detail", boost::json::object{{"required", boost::json::array{scope}}}}}}};
}

}  // namespace

FakeBitbucket::FakeBitbucket() : FakeHost("/2.0") {
  scopes_ = {"repository:read", "repository:write", "repository:admin", "repository:delete",
             "project:read"};
  authorization_ = "Basic " + Base64Encode(Join({kEmail, kToken}, ":"));
  git_.RequirePassword("x-bitbucket-api-token-auth", kToken);
  Start();
}

void FakeBitbucket::TakeAccessToken() {
  authorization_ = Join({"Bearer", kToken}, " ");
  git_.RequirePassword("x-token-auth", kToken);
}

boost::json::object FakeBitbucket::Describe(const std::string& name) const {
  const FakeRepository& repository = repositories_.at(name);
  return {{"uuid", "{" + std::to_string(repository.id) + "}"},
          {"slug", name},
          {"full_name", "acme/" + name},
          {"is_private", repository.is_private},
          {"project", boost::json::object{{"key", repository.project}}},
          {"mainbranch", nullptr}};
}

http::ServerResponse FakeBitbucket::Answer(const Call& call) {
  if (call.Header("Authorization") != authorization_) {
    return {.status = 401,
            .headers = {{"Content-Type", "text/plain"}},
            .body = "Token is invalid, expired, or not supported for this endpoint."};
  }
  if (call.Is("GET", "/user")) {
    if (!HasScope("account")) return Json(403, MissingScope("account"));
    return Json(200, {{"display_name", "Ada"}});
  }
  if (call.path.size() < 2 || call.path[1] != "acme")
    return Json(404, Problem("No workspace with identifier."));
  if (call.path[0] == "workspaces") return Projects(call);
  if (call.Is("GET", "/repositories/acme")) {
    if (!HasScope("repository:read")) return Json(403, MissingScope("repository"));
    boost::json::array all;
    for (const auto& [name, repository] : repositories_) {
      if (!repository.hidden) all.push_back(Describe(name));
    }
    return Json(200, {{"pagelen", 10}, {"values", all}});
  }
  if (call.path[0] == "repositories" && call.path.size() == 3) return OneRepository(call);
  return Json(404, Problem("Resource not found"));
}

http::ServerResponse FakeBitbucket::Projects(const Call& call) const {
  if (!HasScope("project:read")) return Json(403, MissingScope("project"));
  if (call.path.size() == 4) {
    const std::string& key = call.path[3];
    if (no_projects_ || (key != "OLD" && key != "NEW"))
      return Json(404, Problem("Project not found"));
    return Json(200, {{"key", key}});
  }
  boost::json::array values;
  // The default order is another one.
  const bool by_age = call.query.contains("sort") && call.query.at("sort") == "created_on";
  if (!no_projects_) {
    values.push_back(boost::json::object{{"key", by_age ? "OLD" : "NEW"}});
    values.push_back(boost::json::object{{"key", by_age ? "NEW" : "OLD"}});
  }
  return Json(200, {{"values", values}});
}

http::ServerResponse FakeBitbucket::OneRepository(const Call& call) {
  const std::string& name = call.path[2];
  if (call.method == "POST") {
    if (!HasScope("repository:admin")) return Json(403, MissingScope("repository:admin"));
    FakeRepository made{.is_private = call.body.at("is_private").as_bool()};
    made.project = call.body.at("project").as_object().at("key").as_string().c_str();
    if (!Make(name, made))
      return Json(400, Problem("Repository with this Slug and Owner already exists."));
    return Json(200, Describe(name));
  }
  if (Seen(name) == nullptr)
    return Json(404, Problem("You may not have access to this repository or it no longer exists."));
  if (call.method == "GET") return Json(200, Describe(name));
  if (!HasScope("repository:delete")) return Json(403, MissingScope("repository:delete"));
  Remove(name);
  return {.status = 204};
}

}  // namespace slipway::gitops::fake
