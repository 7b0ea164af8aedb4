#include "libs/plan/digest.h"
#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {
namespace {

constexpr char kMain[] = "projects/demo/apps/hello/workflows/main";
const std::string kSha(40, 'a');

v1::PlanRequest Push(const std::string& ref = "refs/heads/main") {
  v1::PlanRequest request;
  request.set_workflow(kMain);
  request.set_commit(kSha);
  request.set_ref(ref);
  request.mutable_known_commit()->set_sha(kSha);
  request.mutable_known_commit()->set_subject("Say hello");
  return request;
}

v1::CreatePlansResponse Plans(EngineFixture& f, const std::vector<v1::PlanRequest>& requests) {
  v1::CreatePlansRequest request;
  for (const auto& one : requests) *request.add_requests() = one;
  const auto response = f.engine->planner.CreatePlans(f.caller, request);
  INFO(response.status());
  REQUIRE(response.ok());
  return *response;
}

}  // namespace

TEST_CASE("a push becomes a stored Plan without asking git") {
  EngineFixture f;
  f.SaveHello("http://127.0.0.1:1/nobody/answers.git");
  f.Save<v1::Variable>(R"(name: "projects/demo/variables/LEVEL" spec {value: "project"})");
  f.Save<v1::Variable>(R"(name: "projects/demo/apps/hello/variables/LEVEL" spec {value: "app"})");
  f.Save<v1::Secret>(R"(name: "projects/demo/secrets/api-key" spec {value {value: "s3cret-1"}})");
  const auto response = Plans(f, {Push(), Push()});
  REQUIRE(response.results_size() == 2);
  const auto& result = response.results(0);
  REQUIRE(result.error_message().empty());
  CHECK(result.digest() == plan::Digest(result.plan()));
  CHECK(result.digest() == response.results(1).digest());
  CHECK(result.plan().ref() == "refs/heads/main");
  CHECK(result.plan().variables(0).secret() == "projects/demo/secrets/api-key@1");
  CHECK(result.plan().variables(1).value() == "app");
  CHECK(result.plan().jobs(0).steps(0).image().registry_host() == "127.0.0.1:8482");
  CHECK(f.database.Value("SELECT count(*)::text AS v FROM plans") == "1");
}

TEST_CASE("each request of a batch has a result of its own") {
  EngineFixture f;
  f.SaveHello();
  v1::PlanRequest unknown = Push(), elsewhere = Push(), variables = Push();
  unknown.set_workflow("projects/demo/apps/hello/workflows/none");
  elsewhere.set_repository("http://127.0.0.1:8481/demo/other.git");
  (*variables.mutable_variables())["BAD NAME"] = "x";
  const auto response =
      Plans(f, {unknown, Push("refs/heads/feature"), elsewhere, variables, Push()});
  CHECK(response.results(0).error_reason() == "RESOURCE_NOT_FOUND");
  CHECK(response.results(1).error_reason() == "REF_NOT_BUILT");
  CHECK(response.results(2).error_reason() == "REPOSITORY_CHANGED");
  CHECK(response.results(3).error_reason() == "INVALID_FIELD");
  CHECK(response.results(4).error_code() == 0);
}

TEST_CASE("a Plan's secret keeps its value when the secret changes") {
  EngineFixture f;
  f.Save<v1::Secret>(R"(name: "projects/demo/secrets/key" spec {value {value: "one"}})");
  f.Save<v1::Secret>(R"(name: "projects/demo/secrets/key" spec {value {value: "two"}})");
  v1::ResolveSecretsRequest request;
  request.add_secrets("projects/demo/secrets/key@1");
  request.add_secrets("projects/demo/secrets/key@2");
  const auto resolved = f.engine->planner.ResolveSecrets(f.caller, request);
  REQUIRE(resolved.ok());
  CHECK(resolved->secrets().at("projects/demo/secrets/key@1") == "one");
  CHECK(resolved->secrets().at("projects/demo/secrets/key@2") == "two");

  // A later secret of the same name is another one.
  REQUIRE(f.Delete<v1::Secret>("projects/demo/secrets/key").ok());
  const auto again =
      f.Save<v1::Secret>(R"(name: "projects/demo/secrets/key" spec {value {value: "three"}})");
  CHECK(again.status().version() == 3);
  CHECK(ReasonOf(f.engine->planner.ResolveSecrets(f.caller, request).status()) ==
        "SECRET_NOT_FOUND");
}

TEST_CASE("protected variables only reach workflows that name their branch") {
  EngineFixture f;
  f.SaveHello();
  f.Save<v1::Variable>(
      R"(name: "projects/demo/variables/DEPLOY_KEY" spec {value: "x" protected: true})");
  f.Save<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/any" spec {
      source {build {from {branch_regex: ".*"} image {}}}})");
  v1::PlanRequest any = Push();
  any.set_workflow("projects/demo/apps/hello/workflows/any");
  const auto response = Plans(f, {Push(), any});
  CHECK(response.results(0).plan().variables_size() == 1);
  CHECK(response.results(1).plan().variables_size() == 0);
}

TEST_CASE("workflows are found by any spelling of their repository") {
  EngineFixture f;
  f.SaveHello("https://git.example/demo/hello.git");
  v1::FindWorkflowsRequest request;
  request.add_repository_urls("git@git.example:demo/hello.git");
  auto found = f.engine->planner.FindWorkflows(f.caller, request);
  REQUIRE(found.ok());
  REQUIRE(found->matches_size() == 1);
  CHECK(found->matches(0).workflow().name() == kMain);
  CHECK(found->matches(0).repository().name() == "source");
  CHECK(found->matches(0).app_uid() == f.Get<v1::App>("projects/demo/apps/hello")->status().uid());

  f.Save<v1::App>(
      R"(name: "projects/demo/apps/hello" spec {repositories {name: "source" url: "https://git.example/moved"}})");
  CHECK(f.engine->planner.FindWorkflows(f.caller, request)->matches().empty());
}

TEST_CASE("a deployment is app, environment and pipeline laid over each other") {
  EngineFixture f;
  f.SaveHello();
  f.Save<v1::Environment>(R"(name: "environments/prod" spec {cluster: "local" deploy {replicas: 2
                             env {key: "GREETING" value: "environment"} env {key: "REGION" value: "x"}}})");
  v1::ResolveDeploymentRequest request;
  request.set_app("projects/demo/apps/hello");
  request.set_environment("prod");
  const auto prod = f.engine->planner.ResolveDeployment(f.caller, request);
  REQUIRE(prod.ok());
  CHECK(prod->deploy().port() == 8080);
  CHECK(prod->deploy().replicas() == 2);
  CHECK(prod->deploy().env().at("GREETING") == "good day");
  CHECK(prod->deploy().env().at("REGION") == "x");
  CHECK(prod->cluster().name() == "clusters/local");
  CHECK(prod->workflow() == kMain);
  CHECK(prod->gitops_repository().empty());
  f.Save<v1::Project>(R"(name: "projects/demo" spec {gitops_repository: "demo-ops"})");
  CHECK(f.engine->planner.ResolveDeployment(f.caller, request)->gitops_repository() == "demo-ops");
  request.set_environment("dev");
  CHECK(f.engine->planner.ResolveDeployment(f.caller, request)->next(0) == "prod");
  request.set_environment("prd");
  CHECK(MessageOf(f.engine->planner.ResolveDeployment(f.caller, request).status())
            .find("did you mean \"prod\"") != std::string::npos);
}

TEST_CASE("an app that is only synced resolves without a workflow") {
  EngineFixture f;
  f.SaveHello();
  f.Save<v1::App>(R"(name: "projects/demo/apps/shop" spec {
    repositories {name: "config" url: "https://git.example/demo/config.git"}
    deploy {path: "shop/base" revision: "main"}
    environments {environment: "dev"}
    environments {environment: "prod" deploy {path: "shop/prod" revision: "v1"}}})");
  v1::ResolveDeploymentRequest request;
  request.set_app("projects/demo/apps/shop");
  request.set_environment("prod");
  const auto prod = f.engine->planner.ResolveDeployment(f.caller, request);
  REQUIRE(prod.ok());
  CHECK(prod->synced());
  CHECK(prod->workflow().empty());
  CHECK(prod->deploy().path() == "shop/prod");
  CHECK(prod->deploy().revision() == "v1");
  CHECK(prod->repository().url() == "https://git.example/demo/config.git");
  CHECK(prod->cluster().name() == "clusters/local");
  CHECK_FALSE(prod->app_uid().empty());
}

TEST_CASE("a path to deploy that is in no known repository is refused, not guessed") {
  EngineFixture f;
  f.SaveHello();
  constexpr char kDev[] =
      R"(name: "environments/dev" spec {cluster: "local" deploy {repository: "confg"}})";
  f.Save<v1::Environment>(kDev);
  f.Save<v1::App>(R"(name: "projects/demo/apps/shop" spec {
    repositories {name: "config" url: "https://git.example/demo/config.git"}
    environments {environment: "dev" deploy {path: "shop"}}
    environments {environment: "prod" deploy {path: "shop"}}})");
  v1::ResolveDeploymentRequest request;
  request.set_app("projects/demo/apps/shop");
  request.set_environment("prod");
  CHECK(f.engine->planner.ResolveDeployment(f.caller, request)->repository().name() == "config");
  request.set_environment("dev");
  const absl::Status unknown = f.engine->planner.ResolveDeployment(f.caller, request).status();
  CHECK(DetailsOf(unknown).reason == "NO_DEPLOY_REPOSITORY");
  CHECK(MessageOf(unknown).find("did you mean \"config\"") != std::string::npos);
  // The environment itself is not saved like that while an app is deployed there.
  const auto refused = DetailsOf(f.TrySave<v1::Environment>(kDev)).field_violations;
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].field == "spec.deploy.repository");
  CHECK(refused[0].description ==
        "app demo/shop is deployed here and has no repository \"confg\"; did you mean \"config\"?");
  f.Save<v1::Environment>(
      R"(name: "environments/dev" spec {cluster: "local" deploy {repository: "config"}})");
  CHECK(f.engine->planner.ResolveDeployment(f.caller, request)->repository().name() == "config");
}

TEST_CASE("an app has a workflow or is only synced") {
  EngineFixture f;
  f.SaveHello();
  const auto synced = f.TrySave<v1::App>(R"(name: "projects/demo/apps/hello" spec {
    repositories {name: "source" url: "https://git.example/demo/hello.git"}
    deploy {path: "k8s" revision: "main"} environments {environment: "dev"}})");
  REQUIRE_FALSE(synced.ok());
  CHECK(MessageOf(synced).find("hello/main") != std::string::npos);
}

TEST_CASE("image tags count up and are taken once") {
  EngineFixture f;
  f.SaveHello();
  const auto reserve = [&](const std::string& key, const std::string& pattern) {
    v1::ReserveImageTagRequest request;
    request.set_workflow(kMain);
    request.set_pattern(pattern);
    request.set_registry_host("127.0.0.1:8482");
    request.set_repository("demo/hello");
    request.set_idempotency_key(key);
    return f.engine->tags.Reserve(f.caller, request);
  };
  CHECK(*reserve("run-1", "v{x}") == "v1");
  CHECK(*reserve("run-1", "v{x}") == "v1");
  CHECK(*reserve("run-2", "v{x}") == "v2");
  CHECK(*reserve("fixed", "v3") == "v3");
  const auto taken = reserve("run-3", "v{x}");
  CHECK(taken.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(MessageOf(taken.status()).starts_with("image tag demo/hello:v3 exists already"));
  CHECK(*reserve("run-4", "v{x}") == "v4");
  CHECK(f.Get<v1::Workflow>(kMain)->status().next_tag_number() == 5);
  CHECK(f.database.Value("SELECT message AS v FROM journal WHERE event = 'image_tag.refused'") ==
        MessageOf(taken.status()));

  REQUIRE(f.engine->tags.Release(f.caller, "fixed", true).ok());
  REQUIRE(f.engine->tags.Release(f.caller, "fixed", false).ok());
  CHECK_FALSE(reserve("other", "v3").ok());
  REQUIRE(f.engine->tags.Release(f.caller, "run-2", false).ok());
  CHECK(*reserve("other", "v2") == "v2");
  CHECK(reserve("", "v9").status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace slipway::pipeline
