#include <set>
#include <thread>

#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {

TEST_CASE("builds that start at once get different tags") {
  EngineFixture f;
  f.SaveHello();
  constexpr int kBuilds = 24;
  std::vector<std::string> tags(kBuilds);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kBuilds; ++i) {
      threads.emplace_back([&, i] {
        v1::ReserveImageTagRequest request;
        request.set_workflow("projects/demo/apps/hello/workflows/main");
        request.set_pattern("v{x}");
        request.set_registry_host("r");
        request.set_repository("demo/hello");
        request.set_idempotency_key("run-" +
                                    std::to_string(i / 2));  // each twice, as after a lost answer
        const auto tag = f.engine->tags.Reserve(f.caller, request);
        tags[static_cast<size_t>(i)] = tag.ok() ? *tag : MessageOf(tag.status());
      });
    }
  }
  std::set<std::string> different;
  for (size_t i = 0; i < kBuilds; i += 2) {
    CHECK(tags[i] == tags[i + 1]);
    CHECK(tags[i].starts_with("v"));
    different.insert(tags[i]);
  }
  CHECK(different.size() == kBuilds / 2);
}

TEST_CASE("of two workflows that want the same environment at once one gets it") {
  EngineFixture f;
  f.Save<v1::App>(
      R"(name: "projects/demo/apps/hello" spec {repositories {name: "source" url: "http://h/x"}})");
  std::vector<absl::Status> results(6);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        auto workflow = Parse<v1::Workflow>(
            R"(spec {source {build {from {branch: "main"} image {}}} deployment_pipelines {environment: "dev"}})");
        results[i] = f.engine->definitions.Create(f.caller, "projects/demo/apps/hello",
                                                  "w" + std::to_string(i), false, &workflow);
      });
    }
  }
  int won = 0;
  for (const absl::Status& result : results) {
    if (result.ok()) {
      ++won;
    } else {
      CHECK(ReasonOf(result) == "DEPLOYMENT_PIPELINE_EXISTS");
    }
  }
  CHECK(won == 1);
}

TEST_CASE("of saves of one definition at once each counts and none is lost unseen") {
  EngineFixture f;
  const std::string etag = f.Get<v1::Project>("projects/demo")->etag();
  std::vector<absl::Status> results(6);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        v1::Project project;
        project.set_name("projects/demo");
        project.set_etag(etag);
        project.mutable_spec()->set_description(std::to_string(i));
        results[i] = f.engine->definitions.Update(f.caller, false, false, &project);
      });
    }
  }
  int won = 0;
  for (const absl::Status& result : results) won += result.ok() ? 1 : 0;
  CHECK(won == 1);
  for (const absl::Status& result : results) CHECK((result.ok() || absl::IsAborted(result)));
}

TEST_CASE("an environment that is deleted while a workflow takes it is either kept or refused") {
  EngineFixture f;
  f.Save<v1::App>(
      R"(name: "projects/demo/apps/hello" spec {repositories {name: "source" url: "http://h/x"}})");
  for (int round = 0; round < 8; ++round) {
    const std::string id = "env" + std::to_string(round);
    f.Save<v1::Environment>("name: \"environments/" + id + "\" spec {cluster: \"local\"}");
    absl::Status saved, deleted;
    {
      std::jthread saving([&] {
        auto workflow = Parse<v1::Workflow>(
            "spec {source {build {from {branch: \"main\"} image {}}}"
            " deployment_pipelines {environment: \"" +
            id + "\"}}");
        saved = f.engine->definitions.Create(f.caller, "projects/demo/apps/hello", "w-" + id, false,
                                             &workflow);
      });
      std::jthread deleting([&] {
        v1::Environment environment;
        deleted = f.engine->definitions.Delete(f.caller, "environments/" + id, "", &environment);
      });
    }
    INFO(saved << " / " << deleted);
    CHECK(saved.ok() != deleted.ok());
  }
}

}  // namespace slipway::pipeline
