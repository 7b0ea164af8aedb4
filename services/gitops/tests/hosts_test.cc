#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/gitops/tests/host_bench.h"

// The same table for each of the four hosts.
namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Spec = pb::GitOpsProviderSpec;
using State = pb::GitOpsProviderStatus;

const std::vector<std::string> kAllStages = {"reach",     "authenticate", "create",
                                             "clone",     "commit",       "push",
                                             "read-back", "delete",       "repository"};

Spec::Provider AnyKind() {
  return GENERATE(Spec::GITHUB, Spec::GITLAB, Spec::AZURE_DEVOPS, Spec::BITBUCKET_CLOUD);
}

std::vector<std::string> NamesOf(const pb::GitOpsProvider& provider) {
  std::vector<std::string> names;
  for (const auto& stage : provider.status().stages()) names.push_back(stage.name());
  return names;
}

// The stage that failed; an empty one if none did.
State::Stage FailedStage(const pb::GitOpsProvider& provider) {
  for (const auto& stage : provider.status().stages()) {
    if (!stage.ok()) return stage;
  }
  return {};
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE(
    "each host passes all stages, gets a private repository with its branch, and keeps nothing "
    "else") {
  HostBench bench(AnyKind());
  const auto saved = bench.Apply(bench.Wanted());
  REQUIRE(saved.ok());
  CHECK_FALSE(saved->spec().has_token());
  const auto ready = bench.Validated();
  INFO(ready.DebugString());
  REQUIRE(ready.status().state() == State::READY);
  CHECK(ready.status().active());
  CHECK(NamesOf(ready) == kAllStages);
  CHECK(bench.host().Repositories() == std::vector<std::string>{"desired"});
  CHECK(bench.host().Get("desired").is_private);
  CHECK(bench.Leftovers() == 0);
  const auto active = bench.providers().Active();
  REQUIRE(active.ok());
  REQUIRE(active->has_value());
  CHECK((*active)->url == ready.status().repository_url());
  CHECK((*active)->url.starts_with(bench.host().GitUrl() + "/acme/"));
  const auto refs = (*git::GitCli::Create({}))
                        ->ListRemote({.url = (*active)->url,
                                      .username = (*active)->username,
                                      .password = (*active)->token});
  REQUIRE(refs.ok());
  REQUIRE(refs->refs.size() == 1);
  CHECK(refs->refs[0].name == "refs/heads/main");
  CHECK_FALSE(Contains(bench.AllTexts(), fake::FakeHost::kToken));

  // A second validation finds the repository and leaves it as it is.
  auto again = bench.Wanted();
  again.mutable_spec()->set_username("");
  again.mutable_spec()->set_active(false);
  REQUIRE(bench.Apply(again).ok());
  CHECK(bench.Validated().status().state() == State::READY);
  CHECK(bench.host().Repositories() == std::vector<std::string>{"desired"});
}

TEST_CASE("a wrong token is refused when authenticating, with the way to a right one") {
  HostBench bench(AnyKind());
  REQUIRE(bench.Apply(bench.Wanted("wr0ng-token")).ok());
  const auto bad = bench.Validated();
  INFO(bad.DebugString());
  CHECK(bad.status().state() == State::INVALID);
  CHECK_FALSE(bad.status().active());
  CHECK(NamesOf(bad) == std::vector<std::string>{"reach", "authenticate"});
  CHECK(Contains(FailedStage(bad).message(), "does not accept the token"));
  CHECK(Contains(FailedStage(bad).remedy(), "token"));
  CHECK_FALSE(Contains(bench.AllTexts(), "wr0ng-token"));
}

TEST_CASE("a missing scope is named as the host's pages name it, and nothing stays behind") {
  HostBench bench(AnyKind());
  std::string scope;
  switch (bench.kind()) {
    case Spec::GITHUB:
      bench.host().SetScopes({"repo", "admin:org"});
      scope = "\"delete_repo\"";
      break;
    case Spec::GITLAB:
      bench.host().SetScopes({"write_repository"});
      scope = "\"api\"";
      break;
    case Spec::AZURE_DEVOPS:
      bench.host().SetScopes({"vso.code_write"});
      scope = "\"code\"";
      break;
    default:
      bench.host().SetScopes({"repository:read", "repository:write", "project:read"});
      scope = "\"repo\"";
  }
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto bad = bench.Validated();
  INFO(bad.DebugString());
  CHECK(bad.status().state() == State::INVALID);
  CHECK(Contains(FailedStage(bad).remedy(), "give the token the scope " + scope));
  CHECK(bench.host().Repositories().empty());
  bench.MakeDue();
  bench.validator().Pass();
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("a name that somebody took out of sight is told so, and another name passes") {
  HostBench bench(AnyKind());
  bench.host().AddRepository("desired", {.hidden = true});
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto bad = bench.Validated();
  INFO(bad.DebugString());
  CHECK(bad.status().state() == State::INVALID);
  CHECK(FailedStage(bad).name() == "repository");
  CHECK(Contains(FailedStage(bad).remedy(), "spec.repository"));
  CHECK(bench.Left().empty());
  auto other = bench.Wanted();
  other.mutable_spec()->set_repository("desired-2");
  REQUIRE(bench.Apply(other).ok());
  CHECK(bench.Validated().status().state() == State::READY);
}

TEST_CASE("a host that limits its rate is left alone until it says") {
  HostBench bench(AnyKind());
  const bool reset = GENERATE(false, true);
  http::Headers headers = {{"Content-Type", "application/json"}};
  if (reset) {
    headers.emplace_back("X-RateLimit-Remaining", "0");
    headers.emplace_back("X-RateLimit-Reset",
                         std::to_string(absl::ToUnixSeconds(bench.clock().Now()) + 120));
  } else {
    headers.emplace_back("Retry-After", "120");
  }
  const int status = bench.kind() == Spec::GITHUB ? 403 : 429;
  bench.host().Fail({.what = "POST", .status = status, .headers = headers, .body = "{}"});
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto waiting = bench.Validated();
  INFO(waiting.DebugString());
  CHECK(waiting.status().state() == State::VALIDATING);
  CHECK(FailedStage(waiting).name() == "create");
  CHECK(Contains(FailedStage(waiting).message(), "no more requests for 2m"));
  CHECK(bench.database().Value(
            "SELECT (next_attempt - now() > '110 s')::text AS v FROM providers") == "true");
  // Nothing was asked of the host after it had refused.
  CHECK(Contains(bench.host().Calls().back(), "POST"));
  bench.MakeDue();
  const auto ready = bench.Validated();
  CHECK(ready.status().state() == State::READY);
  CHECK(bench.Left().empty());
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("a host that fails is tried again, whatever the stage, and ends up clean") {
  HostBench bench(AnyKind());
  const std::string what = GENERATE(as<std::string>{}, "GET", "POST", "DELETE");
  bench.host().Fail({.what = what, .status = 503, .body = "upstream"});
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  auto seen = bench.Validated();
  INFO(seen.DebugString());
  CHECK(seen.status().state() == State::VALIDATING);
  CHECK(Contains(FailedStage(seen).remedy(), "tried again"));
  bench.MakeDue();
  seen = bench.Validated();
  CHECK(seen.status().state() == State::READY);
  CHECK(bench.Left().empty());
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("git that refuses what the API allowed fails the clone, and the repository is deleted") {
  HostBench bench(AnyKind());
  bench.host().FailGit("403 Forbidden");
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto bad = bench.Validated();
  INFO(bad.DebugString());
  CHECK(bad.status().state() == State::INVALID);
  CHECK(FailedStage(bad).name() == "clone");
  CHECK(NamesOf(bad).back() == "delete");
  CHECK(bench.Left().empty());
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("a validation that died is swept by the next process, and begins anew") {
  HostBench bench(AnyKind());
  std::stop_source dying;
  // It is gone right after the repository was made.
  bench.host().OnCall([&](const std::string& what) {
    if (what.starts_with("POST")) dying.request_stop();
  });
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  bench.validator().Pass(dying.get_token());
  bench.host().OnCall({});
  CHECK(bench.Leftovers() == 1);
  bench.Restart();
  const auto ready = bench.Validated();
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  CHECK(bench.Left().empty());
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("what a dead validation left is swept even when its provider is gone") {
  HostBench bench(AnyKind());
  std::stop_source dying;
  bench.host().OnCall([&](const std::string& what) {
    if (what.starts_with("POST")) dying.request_stop();
  });
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  bench.validator().Pass(dying.get_token());
  bench.host().OnCall({});
  REQUIRE(bench.providers().Delete("gitopsProviders/host", {}).ok());
  bench.Restart();
  bench.validator().Pass();
  CHECK(bench.host().Repositories().empty());
  CHECK(bench.Leftovers() == 0);
}

TEST_CASE("a place that does not exist names its field") {
  HostBench bench(AnyKind());
  auto wanted = bench.Wanted();
  std::string field;
  switch (bench.kind()) {
    case Spec::GITHUB:
      wanted.mutable_spec()->set_organization("nobody");
      field = "spec.organization";
      break;
    case Spec::GITLAB:
      wanted.mutable_spec()->set_group_id("nobody/here");
      field = "spec.groupId";
      break;
    case Spec::AZURE_DEVOPS:
      wanted.mutable_spec()->set_project("Nowhere");
      field = "spec.project";
      break;
    default:
      wanted.mutable_spec()->set_workspace("nobody");
      field = "spec.workspace";
  }
  REQUIRE(bench.Apply(wanted).ok());
  const auto bad = bench.Validated();
  INFO(bad.DebugString());
  CHECK(bad.status().state() == State::INVALID);
  CHECK(FailedStage(bad).name() == "authenticate");
  CHECK(Contains(FailedStage(bad).remedy(), field));
}

TEST_CASE("a host that repeats the token in its refusal is not quoted with it") {
  HostBench bench(AnyKind());
  bench.host().Fail({.what = "POST",
                     .status = 400,
                     .headers = {{"Content-Type", "application/json"}},
                     .body = std::string("{\"message\":\"bad ") + fake::FakeHost::kToken + " !\"}",
                     .times = 9});
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto bad = bench.Validated();
  CHECK(bad.status().state() == State::INVALID);
  CHECK(Contains(FailedStage(bad).message(), "bad *** !"));
  CHECK_FALSE(Contains(bench.AllTexts(), fake::FakeHost::kToken));
}

}  // namespace
}  // namespace slipway::gitops
