#include "tools/slipway/names/name.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "libs/base/error.h"

namespace slipway::cli {
namespace {

std::string Full(const char* kind, const char* typed,
                 const NameScope& scope = {.project = "demo"}) {
  const auto found = FindKind(kind);
  REQUIRE(found.ok());
  const auto name = ResourceName(**found, typed, scope);
  return name.ok() ? *name : "error: " + MessageOf(name.status());
}

}  // namespace

TEST_CASE("kinds are found in any case, singular and plural, with and without dashes") {
  for (const char* word : {"git-account", "GitAccount", "gitaccounts", "gitAccounts",
                           "git_accounts", "GIT-ACCOUNTS"}) {
    const auto kind = FindKind(word);
    REQUIRE(kind.ok());
    CHECK((*kind)->name == "GitAccount");
  }
  CHECK((*FindKind("registries"))->name == "Registry");
  CHECK((*FindKind("gitops-provider"))->name == "GitOpsProvider");
  CHECK((*FindKind("gitops"))->name == "GitOpsProvider");
  CHECK(CommandWord(**FindKind("GitOpsProviders")) == "gitops-provider");
  CHECK(MessageOf(FindKind("workflo").status()).find("did you mean \"workflow\"?") !=
        std::string::npos);
}

TEST_CASE("typed names become resource names") {
  CHECK(Full("project", "demo") == "projects/demo");
  CHECK(Full("app", "hello") == "projects/demo/apps/hello");
  CHECK(Full("app", "other/hello") == "projects/other/apps/hello");
  CHECK(Full("workflow", "hello/main") == "projects/demo/apps/hello/workflows/main");
  CHECK(Full("workflow", "other/hello/main") == "projects/other/apps/hello/workflows/main");
  CHECK(Full("run", "hello/main#7") == "projects/demo/apps/hello/workflows/main/runs/7");
  CHECK(Full("run", "hello/main") == "projects/demo/apps/hello/workflows/main/runs/latest");
  CHECK(Full("job", "demo/hello/main#7/build") ==
        "projects/demo/apps/hello/workflows/main/runs/7/jobs/build");
  CHECK(Full("image", "hello/sha256:77c1") == "projects/demo/apps/hello/images/sha256:77c1");
  CHECK(Full("deployment", "hello/prod") ==
        "projects/demo/apps/hello/environments/prod/deployments/latest");
  CHECK(Full("deployment", "hello/prod#3") ==
        "projects/demo/apps/hello/environments/prod/deployments/3");
  CHECK(Full("deployment-pipeline", "hello/prod") == "projects/demo/apps/hello/environments/prod");
  CHECK(Full("hook", "local") == "hooks/local");
  CHECK(Full("hook", "hooks/local") == "hooks/local");
  CHECK(Full("run", "projects/p/apps/a/workflows/w/runs/1") ==
        "projects/p/apps/a/workflows/w/runs/1");
}

TEST_CASE("variables and secrets are named by their scope") {
  CHECK(Full("variable", "COLOR") == "projects/demo/variables/COLOR");
  CHECK(Full("variable", "hello/COLOR") == "projects/demo/apps/hello/variables/COLOR");
  CHECK(Full("secret", "key", {.project = "demo", .app = "hello"}) ==
        "projects/demo/apps/hello/secrets/key");
  CHECK(Full("secret", "key", {.project = "demo", .environment = "dev"}) ==
        "environments/dev/secrets/key");
}

TEST_CASE("a name of another form is refused with the form") {
  CHECK(Full("workflow", "main").find("write APP/Workflow") != std::string::npos);
  CHECK(Full("run", "a/b/c/d#1").find("hello/main#7") != std::string::npos);
  CHECK(Full("run", "hello//main#1").find("error") == 0);
  CHECK(Full("hook", "a/b").find("error") == 0);
  CHECK(Full("job", "hello/main#7").find("error") == 0);
  CHECK(Full("app", "hello", {}).find("slipway use PROJECT") != std::string::npos);
}

TEST_CASE("resource names are shown as they are typed") {
  for (const auto& [full, shown] : std::vector<std::pair<std::string, std::string>>{
           {"projects/demo", "demo"},
           {"projects/demo/apps/hello/workflows/main", "demo/hello/main"},
           {"projects/demo/apps/hello/workflows/main/runs/7", "demo/hello/main#7"},
           {"projects/demo/apps/hello/workflows/main/runs/7/jobs/build", "demo/hello/main#7/build"},
           {"projects/demo/apps/hello/environments/prod/deployments/3", "demo/hello/prod#3"},
           {"environments/dev/variables/COLOR", "dev/COLOR"},
           {"deliveries/01JD", "01JD"},
           {"something", "something"}}) {
    CHECK(ShortName(full) == shown);
  }
}

TEST_CASE("metadata and resource names are each other's image") {
  for (const auto& [kind, name] : std::vector<std::pair<std::string, std::string>>{
           {"Project", "projects/demo"},
           {"App", "projects/demo/apps/hello"},
           {"Workflow", "projects/demo/apps/hello/workflows/main"},
           {"Variable", "projects/demo/variables/A"},
           {"Variable", "projects/demo/apps/hello/variables/A"},
           {"Secret", "environments/dev/secrets/key"},
           {"Hook", "hooks/local"}}) {
    const auto back = NameOfMetadata(**FindKind(kind), MetadataOfName(name), "");
    REQUIRE(back.ok());
    CHECK(*back == name);
  }
}

TEST_CASE("metadata that does not fit the kind is refused by member") {
  const auto field = [](const char* kind, const boost::json::object& metadata) {
    const auto name = NameOfMetadata(**FindKind(kind), metadata, "");
    REQUIRE_FALSE(name.ok());
    return DetailsOf(name.status()).field_violations.at(0).field;
  };
  CHECK(field("App", {{"project", "demo"}}) == "metadata.name");
  CHECK(field("App", {{"name", "hello"}}) == "metadata.project");
  CHECK(field("Workflow", {{"project", "demo"}, {"name", "main"}}) == "metadata.app");
  CHECK(field("Hook", {{"project", "demo"}, {"name", "local"}}) == "metadata.project");
  CHECK(field("App", {{"project", "demo"}, {"app", "x"}, {"name", "main"}}) == "metadata.app");
  CHECK(field("Variable", {{"environment", "dev"}, {"app", "x"}, {"name", "A"}}) ==
        "metadata.environment");
  CHECK(*NameOfMetadata(**FindKind("App"), {{"name", "hello"}}, "demo") ==
        "projects/demo/apps/hello");
}

}  // namespace slipway::cli
