#include <catch2/catch.hpp>

#include "google/protobuf/text_format.h"
#include "libs/plan/compile.h"
#include "libs/plan/digest.h"
#include "libs/plan/tag_pattern.h"

namespace slipway::plan {
namespace {

template <typename M>
M Parse(const std::string& text) {
  M message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

CompileInput Hello() {
  CompileInput input;
  input.workflow_name = "projects/demo/apps/hello/workflows/main";
  input.app = Parse<pipeline::v1::AppSpec>(
      R"(repositories {name: "source" url: "http://git/demo/hello.git" account: "local"})");
  input.workflow = Parse<pipeline::v1::WorkflowSpec>(R"(
    source { build {
      from { branch: "main" }
      pre_build { name: "unit-test" shell { script: "make test" } timeout { seconds: 60 } }
      image { args { key: "VERSION" value: "1" } args { key: "A" value: "2" } tag: "v{x}" }
      post_build { name: "smoke" shell { script: "./smoke.sh" } registry_login: true
                   inputs { key: "IMAGE" value: "$DOCKER_IMAGE" } }
    } }
    deployment_pipelines { environment: "dev" }
    deployment_pipelines { environment: "prod" after: "dev" trigger: MANUAL }
    deployment_pipelines { environment: "old" })");
  input.app_uid = "01APP";
  input.deleting_environments = {"old"};
  input.registry_name = "registries/local";
  input.registry_host = "127.0.0.1:8482";
  input.registry_insecure = true;
  input.variables = {{"LEVEL", "project", "", false},
                     {"LEVEL", "app", "", true},
                     {"KEY", "", "projects/demo/secrets/key@3"}};
  input.run_variables = {{"EXTRA", "1"}};
  input.commit = {std::string(40, 'a'), "refs/heads/main", "Say hello", "Ann <ann@x>",
                  absl::FromUnixMicros(1'500'000)};
  return input;
}

}  // namespace

TEST_CASE("a workflow becomes one job with its tasks around the image step") {
  const v1::Plan plan = CompileBuild(Hello());
  REQUIRE(plan.jobs_size() == 1);
  const v1::Job& job = plan.jobs(0);
  CHECK(job.name() == "build");
  CHECK(job.timeout().seconds() == 3600);
  REQUIRE(job.steps_size() == 3);
  CHECK(job.steps(0).name() == "unit-test");
  CHECK(job.steps(0).stage() == "pre-build");
  CHECK(job.steps(0).timeout().seconds() == 60);
  CHECK_FALSE(job.steps(0).registry_login());
  CHECK(job.steps(1).name() == "image");
  CHECK(job.steps(1).stage() == "build");
  CHECK(job.steps(2).stage() == "post-build");
  CHECK(job.steps(2).registry_login());
  CHECK(job.steps(2).inputs().at("IMAGE") == "$DOCKER_IMAGE");
}

TEST_CASE("what a workflow leaves out gets its documented default") {
  const v1::Plan plan = CompileBuild(Hello());
  const v1::ImageBuild& image = plan.jobs(0).steps(1).image();
  CHECK(image.dockerfile() == "Dockerfile");
  CHECK(image.context() == ".");
  CHECK(image.repository() == "demo/hello");
  CHECK(image.registry_host() == "127.0.0.1:8482");
  CHECK(image.insecure());
  CHECK(image.source() == "source");
  CHECK(plan.sources(0).checkout_path() == ".");
  CHECK(plan.sources(0).account() == "local");
  CHECK(plan.sources(0).commit_time().seconds() == 1);
  CHECK(plan.sources(0).commit_time().nanos() == 500'000'000);
}

TEST_CASE("the innermost variable wins and a secret stays a masked reference") {
  const v1::Plan plan = CompileBuild(Hello());
  REQUIRE(plan.variables_size() == 3);
  CHECK(plan.variables(0).key() == "EXTRA");
  CHECK(plan.variables(1).key() == "KEY");
  CHECK(plan.variables(1).secret() == "projects/demo/secrets/key@3");
  CHECK(plan.variables(1).value().empty());
  CHECK(plan.variables(1).masked());
  CHECK(plan.variables(2).value() == "app");
  CHECK(plan.variables(2).masked());
}

TEST_CASE("targets keep the order of the workflow and leave out what is being deleted") {
  const v1::Plan plan = CompileBuild(Hello());
  REQUIRE(plan.targets_size() == 2);
  CHECK(plan.targets(0).automatic());
  CHECK(plan.targets(1).environment() == "prod");
  CHECK(plan.targets(1).after() == "dev");
  CHECK_FALSE(plan.targets(1).automatic());
}

TEST_CASE("equal inputs give equal digests and any other input another one") {
  const std::string digest = Digest(CompileBuild(Hello()));
  CHECK(digest.size() == 64);
  CHECK(digest == Digest(CompileBuild(Hello())));
  CompileInput other = Hello();
  other.ignore_cache = true;
  CHECK(digest != Digest(CompileBuild(other)));
  other = Hello();
  other.app_uid = "01OTHER";
  CHECK(digest != Digest(CompileBuild(other)));
}

TEST_CASE("an id becomes the name of an environment variable") {
  CHECK(VariableKey("api-key") == "API_KEY");
  CHECK(VariableKey("GREETING") == "GREETING");
}

TEST_CASE("tag patterns need exactly one counter inside a sound tag") {
  for (const char* good : {"v{x}", "{x}", "{X}-rc", "release_1.2-{x}"}) {
    INFO(good);
    CHECK(TagPatternProblem(good).empty());
  }
  for (const char* bad : {"", "v1", "{x}{x}", "{x}{X}", ".{x}", "{x}.", ",{x}", "{x},", "-{x}",
                          "a b{x}", "v{x}/y", "{y}", "ä{x}"}) {
    INFO(bad);
    CHECK_FALSE(TagPatternProblem(bad).empty());
  }
  CHECK(TagPatternProblem(std::string(118, 'a') + "{x}").empty());
  CHECK_FALSE(TagPatternProblem(std::string(119, 'a') + "{x}").empty());
}

TEST_CASE("the counter of a tag pattern is replaced by the number") {
  CHECK(TagFor("v{x}", 7) == "v7");
  CHECK(TagFor("{X}-rc", 12) == "12-rc");
  CHECK(TagFor("latest", 3) == "latest");
  CHECK(IsImageTag("v1.2_3-x"));
  CHECK_FALSE(IsImageTag("-v"));
}

}  // namespace slipway::plan
