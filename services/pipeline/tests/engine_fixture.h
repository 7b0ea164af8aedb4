#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <string>
#include <vector>

#include "embed/pipeline_sql.h"
#include "google/protobuf/text_format.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/db/testing/test_database.h"
#include "libs/journal/journal.h"
#include "services/pipeline/engine/engine.h"

namespace slipway::pipeline {

template <typename M>
M Parse(const std::string& text) {
  M message;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(text, &message);
  INFO(text);
  REQUIRE(parsed);
  return message;
}

// An engine on a database of its own, with what every installation has: project demo, cluster
// local, environments dev and prod, registry local, Git account local.
struct EngineFixture {
  // `check_url` as in Engine::Parts.
  explicit EngineFixture(std::function<absl::Status(std::string_view)> check_url = nullptr) {
    const absl::Status key = seal::CreateKeyFile(folder.path() + "/kek");
    REQUIRE(key.ok());
    keys = *seal::KeyRing::Load({folder.path() + "/kek"});
    git = *git::GitCli::Create({});
    mirrors = std::make_unique<git::MirrorStore>(*git, folder.path() + "/mirrors");
    REQUIRE(MakeDirectories(folder.path() + "/mirrors").ok());
    outbox = std::make_unique<events::Outbox>(database.pool());
    engine = std::make_unique<Engine>(Engine::Parts{
        database.pool(), *outbox, *keys, *git, *mirrors, std::move(check_url),
        [this](const std::string& project, const std::string& app, const std::string& environment) {
          MutexLock lock(mu);
          if (scope_error.ok()) deleted_scopes.push_back(project + "/" + app + "/" + environment);
          return scope_error;
        }});
    caller.deadline = absl::Now() + absl::Seconds(30);
    Save<v1::Project>(R"(name: "projects/demo")");
    Save<v1::Cluster>(R"(name: "clusters/local" spec {local {}})");
    Save<v1::Environment>(R"(name: "environments/dev" spec {cluster: "local"})");
    Save<v1::Environment>(R"(name: "environments/prod" spec {cluster: "local"})");
    Save<v1::Registry>(
        R"(name: "registries/local" spec {url: "http://127.0.0.1:8482" username: "slipway"
                          password {value: "registry-secret"} default: true})");
    Save<v1::GitAccount>(
        R"(name: "gitAccounts/local" spec {host: "127.0.0.1:8481" username: "slipway"
                            token {value: "git-secret"}})");
  }

  // Applies a definition that is sound.
  template <typename M>
  M Save(const std::string& text) {
    M message = Parse<M>(text);
    const absl::Status status = engine->definitions.Update(caller, true, false, &message);
    INFO(status);
    REQUIRE(status.ok());
    return message;
  }
  // Applies one that may not be.
  template <typename M>
  absl::Status TrySave(const std::string& text) {
    M message = Parse<M>(text);
    return engine->definitions.Update(caller, true, false, &message);
  }
  template <typename M>
  absl::StatusOr<M> Get(const std::string& name) {
    M message;
    const absl::Status status = engine->definitions.Get(caller, name, &message);
    if (!status.ok()) return status;
    return message;
  }
  template <typename M>
  absl::Status Delete(const std::string& name, const std::string& etag = "") {
    M message;
    return engine->definitions.Delete(caller, name, etag, &message);
  }

  void SaveHello(const std::string& url = "http://127.0.0.1:8481/demo/hello.git") {
    Save<v1::App>(R"(name: "projects/demo/apps/hello" spec {
        repositories {name: "source" url: ")" +
                  url + R"(" account: "local"}
        deploy {port: 8080 env {key: "GREETING" value: "hello"}}})");
    Save<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/main" spec {
        source {build {from {branch: "main"} image {tag: "v{x}"}}}
        deployment_pipelines {environment: "dev"}
        deployment_pipelines {environment: "prod" after: "dev" trigger: MANUAL
                              deploy {env {key: "GREETING" value: "good day"}}}})");
  }

  // Types of the events so far, in order, with their subjects.
  std::vector<std::string> Events() {
    std::vector<std::string> lines;
    const auto events = outbox->ReadAfter({}, 1000, caller.deadline);
    REQUIRE(events.ok());
    for (const events::Event& event : *events) lines.push_back(event.type + " " + event.subject);
    return lines;
  }

  // Until `done`, looked at after each commit and every few milliseconds: events become visible
  // when no older transaction of the whole cluster runs.
  void Await(const std::function<bool()>& done) {
    std::mutex waiting;
    std::condition_variable changed;
    const int64_t watch = outbox->Watch([&] { changed.notify_all(); });
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    while (!done()) {
      REQUIRE(absl::Now() < deadline);
      std::unique_lock lock(waiting);
      changed.wait_for(lock, std::chrono::milliseconds(20));
    }
    outbox->Unwatch(watch);
  }

  TempDir folder = *TempDir::Create("pipeline-test");
  db::TestDatabase database{
      {{"pipeline", sql::kFiles}, journal::Migrations(), events::Migrations()}};
  std::unique_ptr<seal::KeyRing> keys;
  std::unique_ptr<git::GitCli> git;
  std::unique_ptr<git::MirrorStore> mirrors;
  std::unique_ptr<events::Outbox> outbox;
  Mutex mu;
  absl::Status scope_error;
  std::vector<std::string> deleted_scopes;
  std::unique_ptr<Engine> engine;
  Caller caller;
};

inline std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

}  // namespace slipway::pipeline
