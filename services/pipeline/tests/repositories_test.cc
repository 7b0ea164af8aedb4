#include "libs/git/testing/git_server.h"
#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {
namespace {

constexpr char kApp[] = "projects/demo/apps/hello";
constexpr char kMain[] = "projects/demo/apps/hello/workflows/main";

// An engine whose app hello lives on a real git server.
struct GitFixture : EngineFixture {
  GitFixture() {
    server.CreateRepository("demo/hello");
    first = server.Commit("demo/hello", "main", {{"a.txt", "1"}}, "First");
    second = server.Commit("demo/hello", "main", {{"docs/b.txt", "2"}}, "Second");
    server.RequirePassword("slipway", "git-secret");
    SetAccount();
    SaveHello(server.Url("demo/hello"));
    Save<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/features" spec {
        source {build {from {branch_regex: "^feature/"} image {}}}})");
  }

  // Host and port as they stand in the server's URLs: "http://HOST/...".
  void SetAccount() {
    const std::string url = server.Url("demo/hello");
    const std::string host = url.substr(7, url.find('/', 7) - 7);
    Save<v1::GitAccount>(R"(name: "gitAccounts/local" spec {host: ")" + host +
                         R"(" username: "slipway" token {value: "git-secret"}})");
  }

  absl::StatusOr<v1::ListCommitsResponse> Commits(const std::string& ref, int page_size = 0,
                                                  const std::string& token = "") {
    v1::ListCommitsRequest request;
    request.set_parent(kApp);
    request.set_ref(ref);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return engine->repositories.ListCommits(caller, request);
  }

  v1::CreatePlansResponse::Result Plan(const std::string& workflow, const std::string& commit,
                                       const std::string& ref) {
    v1::CreatePlansRequest request;
    auto* one = request.add_requests();
    one->set_workflow(workflow);
    one->set_commit(commit);
    one->set_ref(ref);
    const auto response = engine->planner.CreatePlans(caller, request);
    INFO(response.status());
    REQUIRE(response.ok());
    return response->results(0);
  }

  git::GitServer server;
  std::string first, second;
};

}  // namespace

TEST_CASE_METHOD(GitFixture, "commits are listed newest first, in pages that fit together") {
  const auto page = Commits("", 1);
  REQUIRE(page.ok());
  REQUIRE(page->commits_size() == 1);
  CHECK(page->commits(0).sha() == second);
  CHECK(page->commits(0).subject() == "Second");
  CHECK(page->commits(0).parents(0) == first);
  server.Commit("demo/hello", "main", {{"c.txt", "3"}}, "Third");
  const auto next = Commits("", 1, page->next_page_token());
  REQUIRE(next.ok());
  CHECK(next->commits(0).sha() == first);
  CHECK(next->next_page_token().empty());
  CHECK(Commits("main")->commits_size() == 3);
  CHECK(Commits(first.substr(0, 8))->commits_size() == 1);
  CHECK(ReasonOf(Commits("", 1, "bm9uc2Vuc2U").status()) == "PAGE_TOKEN");
}

TEST_CASE_METHOD(GitFixture, "an unknown ref names the branch that was probably meant") {
  const absl::Status status = Commits("mai").status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(MessageOf(status).find("did you mean \"main\"") != std::string::npos);
  CHECK(Commits("--upload-pack=touch /tmp/x").status().code() != absl::StatusCode::kOk);
}

TEST_CASE_METHOD(GitFixture,
                 "a repository that does not answer is told in one sentence without its password") {
  server.AnswerWith("500 Internal Server Error");
  const absl::Status broken = Commits("").status();
  CHECK_FALSE(broken.ok());
  CHECK(MessageOf(broken).find("git-secret") == std::string::npos);
  server.AnswerWith("");
  Save<v1::GitAccount>(
      R"(name: "gitAccounts/other" spec {host: "other.example" token {value: "x"}})");
  Save<v1::App>(
      R"(name: "projects/demo/apps/hello" spec {repositories {name: "source" account: "other" url: ")" +
      server.Url("demo/hello") + "\"}}");
  CHECK(ReasonOf(Commits("").status()) == "ACCOUNT_HOST");
}

TEST_CASE_METHOD(GitFixture,
                 "a manual run is for the tip of the workflow's branch or a commit on it") {
  const auto tip = Plan(kMain, "", "");
  REQUIRE(tip.error_message().empty());
  CHECK(tip.plan().commit() == second);
  CHECK(tip.plan().ref() == "refs/heads/main");
  CHECK(tip.plan().sources(0).subject() == "Second");
  CHECK(Plan(kMain, first, "main").plan().commit() == first);
  CHECK(Plan(kMain, first.substr(0, 10), "").plan().commit() == first);
  CHECK(Plan(kMain, std::string(40, 'f'), "").error_code() != 0);
  CHECK(Plan(kMain, "", "feature/x").error_reason() == "REF_NOT_BUILT");
  CHECK(Plan(kMain, "--help", "").error_reason() == "INVALID_FIELD");

  const std::string side = server.Commit("demo/hello", "side", {{"s.txt", "1"}}, "Aside");
  CHECK(Plan(kMain, side, "").error_reason() == "COMMIT_NOT_ON_REF");
  const std::string third = server.Commit("demo/hello", "main", {{"c.txt", "3"}}, "Third");
  CHECK(Plan(kMain, "", "").plan().commit() == third);
}

TEST_CASE_METHOD(GitFixture,
                 "a workflow with a pattern needs a branch, or a commit that is on one") {
  const std::string workflow = "projects/demo/apps/hello/workflows/features";
  CHECK(Plan(workflow, "", "").error_reason() == "REF_NEEDED");
  CHECK(Plan(workflow, "", "main").error_reason() == "REF_NOT_BUILT");
  CHECK(Plan(workflow, "", "feature/none").error_reason() == "REF_NOT_FOUND");
  const std::string feature =
      server.Commit("demo/hello", "feature/one", {{"f.txt", "1"}}, "Feature");
  CHECK(Plan(workflow, "", "feature/one").plan().commit() == feature);
  CHECK(Plan(workflow, feature, "").plan().ref() == "refs/heads/feature/one");
  const std::string side = server.Commit("demo/hello", "side", {{"s.txt", "1"}}, "Aside");
  CHECK(Plan(workflow, side, "").error_reason() == "COMMIT_NOT_ON_REF");
}

TEST_CASE_METHOD(GitFixture, "the changed paths of a push are those of all its commits") {
  const std::string third = server.Commit("demo/hello", "main", {{"c.txt", "3"}}, "Third");
  v1::ListChangedPathsRequest request;
  request.set_app(kApp);
  request.set_before(first);
  request.set_after(third);
  request.set_ref("refs/heads/main");
  const auto changed = engine->repositories.ListChangedPaths(caller, request);
  REQUIRE(changed.ok());
  CHECK(std::vector<std::string>(changed->paths().begin(), changed->paths().end()) ==
        std::vector<std::string>{"c.txt", "docs/b.txt"});
  CHECK_FALSE(changed->truncated());
  request.set_page_size(1);
  CHECK(engine->repositories.ListChangedPaths(caller, request)->truncated());
  request.set_after("main; rm -rf /");
  CHECK(engine->repositories.ListChangedPaths(caller, request).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE_METHOD(GitFixture, "an app may be saved before its repository exists") {
  Save<v1::App>(
      R"(name: "projects/demo/apps/early" spec {repositories {name: "source" account: "local" url: ")" +
      server.Url("demo/early") + "\"}}");
  v1::ListCommitsRequest request;
  request.set_parent("projects/demo/apps/early");
  CHECK(ReasonOf(engine->repositories.ListCommits(caller, request).status()) ==
        "GIT_REPOSITORY_NOT_FOUND");
  server.CreateRepository("demo/early");
  const auto empty = engine->repositories.ListCommits(caller, request);
  REQUIRE(empty.ok());
  CHECK(empty->commits().empty());
}

}  // namespace slipway::pipeline
