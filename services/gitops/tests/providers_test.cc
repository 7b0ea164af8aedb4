#include "services/gitops/domain/providers.h"

#include <catch2/catch.hpp>

#include "embed/gitops_sql.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/db/testing/test_database.h"
#include "libs/events/outbox.h"
#include "libs/git/testing/git_server.h"
#include "libs/http/url.h"
#include "libs/journal/journal.h"
#include "services/gitops/domain/provider_validator.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using State = pb::GitOpsProviderStatus;

// Providers over PostgreSQL and a real git host.
struct Bench {
  Bench()
      : database({{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()},
                 "gitops"),
        folder(*TempDir::Create("providers-")) {
    REQUIRE(seal::CreateKeyFile(folder.path() + "/kek").ok());
    keys = *seal::KeyRing::Load({folder.path() + "/kek"});
    cli = *git::GitCli::Create({});
    mirrors = std::make_unique<git::MirrorStore>(*cli, folder.path() + "/mirrors");
    const auto url = http::ParseUrl(git.Url("ops"));
    guard = *http::OutgoingGuard::Create({url->host + ":" + std::to_string(url->port)});
    repository = std::make_unique<DesiredRepository>(*mirrors, *guard);
    providers = std::make_unique<Providers>(database.pool(), clock, *keys);
    validator = std::make_unique<ProviderValidator>(
        ProviderValidator::Parts{database.pool(), clock, *providers, *repository, *cli, client});
  }

  pb::GitOpsProvider Wanted(const std::string& id, const std::string& url,
                            const std::string& token = "") {
    pb::GitOpsProvider provider;
    provider.set_name("gitopsProviders/" + id);
    provider.mutable_spec()->set_url(url);
    provider.mutable_spec()->set_active(true);
    if (!token.empty()) {
      provider.mutable_spec()->set_username("slipway");
      provider.mutable_spec()->mutable_token()->set_value(token);
    }
    return provider;
  }
  absl::StatusOr<pb::GitOpsProvider> Apply(const pb::GitOpsProvider& wanted) {
    pb::UpdateGitOpsProviderRequest request;
    *request.mutable_gitops_provider() = wanted;
    request.set_allow_missing(true);
    return providers->Update(request, {.actor = "user:admin"});
  }
  pb::GitOpsProvider Validated(const std::string& id) {
    validator->Pass();
    return *providers->Get("gitopsProviders/" + id);
  }

  db::TestDatabase database;
  git::GitServer git;
  TempDir folder;
  SystemClock clock;
  std::unique_ptr<seal::KeyRing> keys;
  std::unique_ptr<git::GitCli> cli;
  std::unique_ptr<git::MirrorStore> mirrors;
  std::optional<http::OutgoingGuard> guard;
  http::HttpClient client;
  std::unique_ptr<DesiredRepository> repository;
  std::unique_ptr<Providers> providers;
  std::unique_ptr<ProviderValidator> validator;
};

TEST_CASE(
    "a provider takes effect only after clone, commit, push, read-back and delete, and leaves no "
    "branch") {
  Bench bench;
  bench.git.CreateRepository("ops");
  const std::string before = bench.git.Commit("ops", "main", {{"README.md", "hello"}}, "Begin");
  bench.git.RequirePassword("slipway", "s3cret-token");
  const auto saved = bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "s3cret-token"));
  REQUIRE(saved.ok());
  CHECK(saved->status().state() == State::VALIDATING);
  CHECK(saved->status().token_set());
  CHECK_FALSE(saved->spec().has_token());
  CHECK_FALSE(bench.providers->Active()->has_value());
  const auto ready = bench.Validated("local");
  CHECK(ready.status().state() == State::READY);
  CHECK(ready.status().active());
  std::vector<std::string> names;
  for (const auto& stage : ready.status().stages()) {
    CHECK(stage.ok());
    names.push_back(stage.name());
  }
  CHECK(names == std::vector<std::string>{"clone", "commit", "push", "read-back", "delete"});
  CHECK(bench.git.Git("ops", {"for-each-ref", "--format=%(refname)"}) == "refs/heads/main");
  CHECK(bench.git.Git("ops", {"rev-parse", "main"}) == before);
  const auto active = bench.providers->Active();
  REQUIRE(active->has_value());
  CHECK((*active)->token == "s3cret-token");
  CHECK(bench.database.Value(
            "SELECT (position('s3cret' in encode(token, 'escape')) + position('s3cret' in "
            "encode(spec, 'escape')))::text AS v FROM providers") == "0");

  // The same again changes nothing and validates nothing.
  const auto same = bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "s3cret-token"));
  CHECK(same->status().state() == State::READY);
  CHECK(same->etag() == ready.etag());
}

TEST_CASE("an empty repository gets its branch") {
  Bench bench;
  bench.git.CreateRepository("ops");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"))).ok());
  CHECK(bench.Validated("local").status().state() == State::READY);
  CHECK(bench.git.Git("ops", {"for-each-ref", "--format=%(refname)"}) == "refs/heads/main");
}

TEST_CASE("a wrong password is named with its remedy, and the provider in force stays") {
  Bench bench;
  bench.git.CreateRepository("ops");
  bench.git.RequirePassword("slipway", "right");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "right")).ok());
  REQUIRE(bench.Validated("local").status().state() == State::READY);
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "wrong-one")).ok());
  const auto bad = bench.Validated("local");
  CHECK(bad.status().state() == State::INVALID);
  CHECK(bad.status().active());
  REQUIRE(bad.status().stages_size() == 1);
  CHECK_FALSE(bad.status().stages(0).ok());
  CHECK(bad.status().stages(0).remedy().find("check username and token") != std::string::npos);
  CHECK(bad.status().stages(0).message().find("wrong-one") == std::string::npos);
  CHECK((*bench.providers->Active())->token == "right");
  // Left by a validation that was cut off: swept by the next one.
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "right")).ok());
  CHECK(bench.Validated("local").status().state() == State::READY);
}

TEST_CASE("a repository that is not there is invalid, a host that is away is tried again") {
  Bench bench;
  bench.git.CreateRepository("ops");
  REQUIRE(bench.Apply(bench.Wanted("gone", bench.git.Url("nowhere"))).ok());
  CHECK(bench.Validated("gone").status().state() == State::INVALID);
  bench.git.AnswerWith("503 Service Unavailable");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"))).ok());
  const auto waiting = bench.Validated("local");
  CHECK(waiting.status().state() == State::VALIDATING);
  CHECK(waiting.status().stages(0).remedy().find("tried again") != std::string::npos);
  bench.git.AnswerWith("");
  bench.database.Exec("UPDATE providers SET next_attempt = now()");
  CHECK(bench.Validated("local").status().state() == State::READY);
}

TEST_CASE("one provider is in force: the newest that passed") {
  Bench bench;
  bench.git.CreateRepository("ops");
  bench.git.CreateRepository("other");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"))).ok());
  REQUIRE(bench.Validated("local").status().active());
  REQUIRE(bench.Apply(bench.Wanted("second", bench.git.Url("other"))).ok());
  REQUIRE(bench.Validated("second").status().active());
  const auto first = bench.providers->Get("gitopsProviders/local");
  CHECK_FALSE(first->status().active());
  CHECK_FALSE(first->spec().active());
  CHECK((*bench.providers->Active())->provider == "gitopsProviders/second");
  CHECK(DetailsOf(bench.providers->Delete("gitopsProviders/second", {})).reason ==
        "GITOPS_PROVIDER_ACTIVE");
  CHECK(bench.providers->Delete("gitopsProviders/local", {}).ok());
}

TEST_CASE("another active provider says what it means for what runs already") {
  Bench bench;
  bench.git.CreateRepository("ops");
  bench.git.CreateRepository("other");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"))).ok());
  REQUIRE(bench.Validated("local").status().active());
  CHECK(bench.providers->Get("gitopsProviders/local")->status().warnings().empty());
  bench.database.Exec(
      "INSERT INTO app_environments (project, app, environment, app_uid, applied_tree, "
      "applied_from) VALUES ('demo', 'hello', 'dev', 'uid', 'tree', '" +
      bench.git.Url("ops") + " main')");
  const auto saved = bench.Apply(bench.Wanted("second", bench.git.Url("other")));
  REQUIRE(saved->status().warnings_size() == 1);
  CHECK(saved->status().warnings(0).find("takes the place of gitopsProviders/local") !=
        std::string::npos);
  const auto second = bench.Validated("second");
  CHECK(second.status().repository_url() == bench.git.Url("other"));
  REQUIRE(second.status().warnings_size() == 1);
  CHECK(second.status().warnings(0).find("1 app in an environment runs what another repository") !=
        std::string::npos);
  CHECK(bench.database.Value("SELECT count(*)::text AS v FROM journal WHERE event = "
                             "'provider.repository_changed'") == "1");
}

TEST_CASE("mistakes name their field, and a stored token never goes to another host") {
  Bench bench;
  bench.git.CreateRepository("ops");
  const auto field = [](const absl::Status& status) {
    const auto violations = DetailsOf(status).field_violations;
    return violations.empty() ? std::string() : violations[0].field;
  };
  CHECK(field(bench.Apply(bench.Wanted("local", "ftp://x/y")).status()) ==
        "gitopsProvider.spec.url");
  CHECK(field(bench.Apply(bench.Wanted("local", "http://user:pw@x/y")).status()) ==
        "gitopsProvider.spec.url");
  auto branch = bench.Wanted("local", bench.git.Url("ops"));
  branch.mutable_spec()->set_branch("--upload-pack=x");
  CHECK(field(bench.Apply(branch).status()) == "gitopsProvider.spec.branch");
  REQUIRE(bench.Apply(bench.Wanted("local", bench.git.Url("ops"), "secret")).ok());
  auto moved = bench.Wanted("local", "http://elsewhere.example/ops.git");
  CHECK(field(bench.Apply(moved).status()) == "gitopsProvider.spec.token");
  auto stale = bench.Wanted("local", bench.git.Url("ops"));
  stale.set_etag("99");
  CHECK(bench.Apply(stale).status().code() == absl::StatusCode::kAborted);
  REQUIRE(bench.Apply(bench.Wanted("inner", "http://127.0.0.1:1/ops.git")).ok());
  CHECK(bench.Validated("inner").status().state() == State::INVALID);
}

}  // namespace
}  // namespace slipway::gitops
