#include <filesystem>

#include "libs/git/testing/git_server.h"
#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {
namespace {

// Apps whose repositories lie on a real git server.
struct MirrorFixture : EngineFixture {
  MirrorFixture() {
    for (const char* repository : {"demo/shared", "demo/own"}) {
      server.CreateRepository(repository);
      server.Commit(repository, "main", {{"a.txt", "1"}}, "First");
    }
  }
  static std::string NameOf(const std::string& app) { return "projects/demo/apps/" + app; }

  // Saves the app with these repositories and reads each once.
  void Use(const std::string& app, const std::vector<std::string>& repositories) {
    std::string spec;
    for (const std::string& repository : repositories) {
      spec += " repositories {name: \"" + repository.substr(5) + "\" url: \"" +
              server.Url(repository) + "\"}";
    }
    Save<v1::App>("name: \"" + NameOf(app) + "\" spec {" + spec + "}");
    for (const std::string& repository : repositories) {
      v1::ListCommitsRequest request;
      request.set_parent(NameOf(app));
      request.set_repository(repository.substr(5));
      REQUIRE(engine->repositories.ListCommits(caller, request).ok());
    }
  }
  void StartToDelete(const std::string& app) {
    const std::string uid = Get<v1::App>(NameOf(app))->status().uid();
    REQUIRE(Delete<v1::App>(NameOf(app)).ok());
    for (const char* service : {"build", "gitops"})
      REQUIRE(engine->deletions.Confirm(caller, NameOf(app), service, uid).ok());
  }
  bool IsGone(const std::string& app) { return !Get<v1::App>(NameOf(app)).ok(); }
  size_t Mirrors() {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/mirrors"))
      count += entry.path().extension() == ".git" ? 1 : 0;
    return count;
  }

  git::GitServer server;
};

}  // namespace

TEST_CASE_METHOD(MirrorFixture,
                 "the mirrors of an app go with it, but not one that another app has") {
  Use("one", {"demo/shared"});
  Use("two", {"demo/shared"});
  Use("three", {"demo/own"});
  REQUIRE(Mirrors() == 2);
  engine->deletions.Start();
  engine->mirror_keeper.Start();
  StartToDelete("three");
  Await([&] { return Mirrors() == 1; });
  CHECK(IsGone("three"));
  StartToDelete("one");
  Await([&] { return IsGone("one"); });
  engine->mirror_keeper.Pass({});
  CHECK(Mirrors() == 1);
  v1::ListCommitsRequest request;
  request.set_parent(NameOf("two"));
  CHECK(engine->repositories.ListCommits(caller, request)->commits_size() == 1);
  StartToDelete("two");
  Await([&] { return Mirrors() == 0; });
  engine->deletions.Stop();
  engine->mirror_keeper.Stop();
}

TEST_CASE_METHOD(MirrorFixture, "an app that is being deleted keeps its mirror until it is gone") {
  Use("one", {"demo/own"});
  REQUIRE(Delete<v1::App>(NameOf("one")).ok());
  CHECK(engine->mirror_keeper.Pass({}) == absl::Hours(1));
  CHECK(Mirrors() == 1);
}

TEST_CASE_METHOD(MirrorFixture, "a start sweeps what an earlier process left behind") {
  Use("one", {"demo/own"});
  // Without the loop, as if the process had ended before its sweep.
  Use("one", {"demo/shared"});
  REQUIRE(Mirrors() == 2);
  git::MirrorStore store(*git, folder.path() + "/mirrors");
  MirrorKeeper keeper(database.pool(), store);
  keeper.Start();
  Await([&] { return Mirrors() == 1; });
  keeper.Stop();
  CHECK((*mirrors->Get({server.Url("demo/shared"), "", ""}))->Fetch().ok());
}

TEST_CASE_METHOD(MirrorFixture, "a mirror stays while a call reads it, and goes afterwards") {
  Use("one", {"demo/own"});
  auto reader = *mirrors->Get({server.Url("demo/own"), "", ""});
  Save<v1::App>("name: \"" + NameOf("one") + "\" spec {}");
  CHECK(engine->mirror_keeper.Pass({}) == absl::Minutes(1));
  CHECK(reader->Read([](const git::Repository& repository) { return repository.ListRefs("refs/"); })
            .ok());
  reader.reset();
  CHECK(engine->mirror_keeper.Pass({}) == absl::Hours(1));
  CHECK(Mirrors() == 0);
}

TEST_CASE_METHOD(MirrorFixture, "one repository has a mirror for each user that apps read it as") {
  Save<v1::GitAccount>("name: \"gitAccounts/reader\" spec {host: \"" +
                       server.Url("demo/own").substr(7, server.Url("demo/own").find('/', 7) - 7) +
                       "\" username: \"reader\" token {value: \"t\"}}");
  Use("plain", {"demo/own"});
  Save<v1::App>("name: \"" + NameOf("with-account") +
                "\" spec {repositories {name: \"own\" url: \"" + server.Url("demo/own") +
                "\" account: \"reader\"}}");
  v1::ListCommitsRequest request;
  request.set_parent(NameOf("with-account"));
  REQUIRE(engine->repositories.ListCommits(caller, request).ok());
  REQUIRE(Mirrors() == 2);
  engine->mirror_keeper.Pass({});
  CHECK(Mirrors() == 2);
  Save<v1::App>("name: \"" + NameOf("plain") + "\" spec {}");
  engine->mirror_keeper.Pass({});
  CHECK(Mirrors() == 1);
}

}  // namespace slipway::pipeline
