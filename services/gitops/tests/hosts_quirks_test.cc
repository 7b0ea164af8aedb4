// What each host does in a way of its own.
#include <catch2/catch.hpp>

#include "services/gitops/testing/fake_hosts/fake_azure_devops.h"
#include "services/gitops/testing/fake_hosts/fake_bitbucket.h"
#include "services/gitops/testing/fake_hosts/fake_github.h"
#include "services/gitops/testing/fake_hosts/fake_gitlab.h"
#include "services/gitops/tests/host_bench.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Spec = pb::GitOpsProviderSpec;
using State = pb::GitOpsProviderStatus;

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool WasCalled(HostBench& bench, const std::string& what) {
  for (const std::string& call : bench.host().Calls()) {
    if (Contains(call, what)) return true;
  }
  return false;
}

// What did not change is validated again as well.
pb::GitOpsProvider Validate(HostBench& bench, const pb::GitOpsProvider& wanted) {
  bench.database().Exec("UPDATE providers SET state = 'INVALID'");
  const auto saved = bench.Apply(wanted);
  INFO(saved.status());
  REQUIRE(saved.ok());
  bench.MakeDue();
  return bench.Validated();
}

// What the stage that failed says.
std::string Problem(const pb::GitOpsProvider& provider) {
  for (const auto& stage : provider.status().stages()) {
    if (!stage.ok()) return stage.name() + ": " + stage.message() + "; " + stage.remedy();
  }
  return "";
}

TEST_CASE("GitHub takes the account of the token's own user in place of an organization") {
  HostBench bench(Spec::GITHUB);
  auto wanted = bench.Wanted();
  wanted.mutable_spec()->set_organization("ada");
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  CHECK(ready.status().repository_url().ends_with("/ada/desired.git"));
  CHECK(WasCalled(bench, "POST /user/repos"));
  CHECK(bench.Left().empty());
  wanted.mutable_spec()->set_organization("bob");
  CHECK(Contains(Problem(Validate(bench, wanted)), "another user than the token's, \"ada\""));
}

TEST_CASE("GitHub answers a renamed repository by its new name, which is used from then on") {
  HostBench bench(Spec::GITHUB);
  bench.host().AddRepository("moved");
  dynamic_cast<fake::FakeGitHub&>(bench.host()).Rename("desired", "moved");
  const auto ready = Validate(bench, bench.Wanted());
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  CHECK(ready.status().repository_url().ends_with("/acme/moved.git"));
}

TEST_CASE("a fine-grained token of GitHub, whose scopes are not told, is judged by what it does") {
  HostBench bench(Spec::GITHUB);
  auto& github = dynamic_cast<fake::FakeGitHub&>(bench.host());
  github.SetFineGrained(true);
  CHECK(Validate(bench, bench.Wanted()).status().state() == State::READY);
  github.SetScopes({"repo"});
  const auto bad = Validate(bench, bench.Wanted());
  CHECK(bad.status().state() == State::INVALID);
  CHECK(Contains(Problem(bad), "\"delete_repo\""));
}

TEST_CASE("an organization of GitHub with single sign-on says how the token gets in") {
  HostBench bench(Spec::GITHUB);
  bench.host().Fail({.what = "GET /orgs/acme",
                     .status = 403,
                     .headers = {{"X-GitHub-SSO", "required; url=https://github.com/orgs/acme/sso"},
                                 {"Content-Type", "application/json"}},
                     .body = "{}"});
  CHECK(Contains(Problem(Validate(bench, bench.Wanted())), "Configure SSO"));
}

TEST_CASE("a token that ends within two weeks is told, by GitHub's header and GitLab's date") {
  const bool gitlab = GENERATE(true, false);
  HostBench bench(gitlab ? Spec::GITLAB : Spec::GITHUB);
  const auto soon = [&](int days) {
    const absl::Time end = bench.clock().Now() + absl::Hours(24 * days);
    const std::string date = absl::FormatTime("%Y-%m-%d", end, absl::UTCTimeZone());
    if (gitlab) {
      dynamic_cast<fake::FakeGitLab&>(bench.host()).SetExpiry(date);
    } else {
      bench.host().Fail(
          {.what = "GET /user",
           .status = 200,
           .headers = {{"Content-Type", "application/json"},
                       {"GitHub-Authentication-Token-Expiration", date + " 10:00:00 UTC"}},
           .body = R"({"login": "ada"})"});
    }
    return Validate(bench, bench.Wanted());
  };
  const auto ending = soon(5);
  INFO(ending.DebugString());
  CHECK(ending.status().state() == State::READY);
  REQUIRE(ending.status().warnings_size() == 1);
  CHECK(Contains(ending.status().warnings(0), "the token expires on "));
  CHECK(soon(60).status().warnings().empty());
}

TEST_CASE("GitLab deletes for good in two steps, and in one before version 18") {
  HostBench bench(Spec::GITLAB);
  auto& gitlab = dynamic_cast<fake::FakeGitLab&>(bench.host());
  gitlab.SetOld(GENERATE(true, false));
  auto wanted = bench.Wanted();
  wanted.mutable_spec()->set_group_id("acme/platform");
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  CHECK(ready.status().repository_url().ends_with("/acme/platform/desired.git"));
  CHECK(bench.host().Repositories() == std::vector<std::string>{"desired"});
}

TEST_CASE("a project of GitLab that is marked for deletion is not written to") {
  HostBench bench(Spec::GITLAB);
  bench.host().AddRepository("desired", {.pending_deletion = true});
  CHECK(Contains(Problem(Validate(bench, bench.Wanted())), "is marked for deletion"));
}

TEST_CASE("Azure DevOps answers a wrong token with a page, which is not taken for an answer") {
  HostBench bench(Spec::AZURE_DEVOPS);
  dynamic_cast<fake::FakeAzureDevOps&>(bench.host()).SetRedirects(GENERATE(true, false));
  const auto bad = Validate(bench, bench.Wanted("wrong"));
  CHECK(bad.status().state() == State::INVALID);
  CHECK(Problem(bad).starts_with("authenticate: "));
  CHECK(Contains(Problem(bad), "does not accept the token"));
}

TEST_CASE("Azure DevOps keeps nothing of ours in its recycle bin") {
  HostBench bench(Spec::AZURE_DEVOPS);
  auto& azure = dynamic_cast<fake::FakeAzureDevOps&>(bench.host());
  CHECK(Validate(bench, bench.Wanted()).status().state() == State::READY);
  CHECK(WasCalled(bench, "recycleBin"));
  CHECK(azure.RecycleBin().empty());
  // Who may not empty it keeps what is in there, and passes.
  bench.host().Fail({.what = "recycleBin", .status = 403, .times = 9});
  CHECK(Validate(bench, bench.Wanted()).status().state() == State::READY);
  CHECK(azure.RecycleBin().size() == 1);
}

TEST_CASE("a public project or a disabled repository of Azure DevOps is refused") {
  HostBench bench(Spec::AZURE_DEVOPS);
  auto& azure = dynamic_cast<fake::FakeAzureDevOps&>(bench.host());
  azure.AddRepository("desired", {.pending_deletion = true});
  CHECK(Contains(Problem(Validate(bench, bench.Wanted())), "is disabled"));
  azure.SetPublic(true);
  CHECK(Contains(Problem(Validate(bench, bench.Wanted())), "is public"));
}

TEST_CASE("Bitbucket puts repositories into the oldest project, or into the one that is named") {
  HostBench bench(Spec::BITBUCKET_CLOUD);
  CHECK(Validate(bench, bench.Wanted()).status().state() == State::READY);
  CHECK(bench.host().Get("desired").project == "OLD");
  // With a key, the token need not read projects.
  bench.host().SetScopes(
      {"repository:read", "repository:write", "repository:admin", "repository:delete"});
  auto wanted = bench.Wanted();
  wanted.mutable_spec()->set_repository("other");
  CHECK(Contains(Problem(Validate(bench, wanted)), "give spec.projectKey"));
  wanted.mutable_spec()->set_project_key("NEW");
  CHECK(Validate(bench, wanted).status().state() == State::READY);
  CHECK(bench.host().Get("other").project == "NEW");
}

TEST_CASE("a workspace of Bitbucket without a project is told so") {
  HostBench bench(Spec::BITBUCKET_CLOUD);
  dynamic_cast<fake::FakeBitbucket&>(bench.host()).SetNoProjects(true);
  CHECK(Contains(Problem(Validate(bench, bench.Wanted())), "has no project"));
}

TEST_CASE("Bitbucket's access tokens come without an e-mail, and its app passwords are over") {
  HostBench bench(Spec::BITBUCKET_CLOUD);
  dynamic_cast<fake::FakeBitbucket&>(bench.host()).TakeAccessToken();
  auto wanted = bench.Wanted();
  wanted.mutable_spec()->clear_email();
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  bench.host().Fail({.what = "GET /2.0/user", .status = 410, .body = "CHANGE-3222"});
  CHECK(Contains(Problem(Validate(bench, wanted)), "app passwords are not accepted any more"));
}

}  // namespace
}  // namespace slipway::gitops
