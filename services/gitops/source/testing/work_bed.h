#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "embed/gitops_sql.h"
#include "libs/base/clock.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "libs/events/outbox.h"
#include "libs/git/testing/git_server.h"
#include "libs/journal/journal.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/source/source_worker.h"
#include "services/gitops/source/synced_apps.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/testing/provider_in_force.h"
#include "services/gitops/testing/stage.h"

namespace slipway::gitops {

// Everything but the target: deployments end on the branch, in state SYNCING. Passes run in the
// test's thread.
struct WorkBed {
  static constexpr absl::Duration kTime = absl::Seconds(10);
  const AppEnvironment dev{"demo", "hello", "dev"};
  git::GitServer git;
  db::TestDatabase database{
      {{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()}, "gitops"};
  TempDir folder = *TempDir::Create("source-work-");
  std::unique_ptr<git::GitCli> cli = *git::GitCli::Create({});
  git::MirrorStore mirrors{*cli, folder.path() + "/mirrors"};
  http::OutgoingGuard guard;
  FakePipeline pipeline;
  SystemClock clock;
  Watchers watchers;
  events::Outbox outbox{database.pool()};
  Lifecycle lifecycle{clock, outbox, watchers, nullptr};
  DesiredRepository desired{mirrors, guard};
  RepositoryAccess access;
  SourceRepository repositories{mirrors, guard, pipeline};
  SourceRenderer renderer{{}};
  SourceWorker worker{{database.pool(), lifecycle, repositories, renderer, [] {}}};
  // Each pass looks at all repositories.
  SyncedApps synced{{database.pool(), lifecycle, pipeline, repositories, renderer},
                    absl::ZeroDuration()};
  Deployer deployer{database.pool(), pipeline, lifecycle};
  Committer committer{
      database.pool(), lifecycle, desired,
      [this]() -> absl::StatusOr<std::optional<RepositoryAccess>> { return access; }, nullptr};

  WorkBed() : guard(*http::OutgoingGuard::Create({PairOf(git.Url("x"))})) {
    git.CreateRepository("ops");
    git.CreateRepository("app");
    access = {.provider = "gitopsProviders/local", .url = git.Url("ops"), .branch = "main"};
    deployer.SetSources([this](const AppEnvironment& where, const auto& resolved) {
      return synced.Newest(where, resolved);
    });
    PutProviderInForce(database.pool(), access.url);
  }

  FakePipeline::Pipeline Source(const std::string& path, const std::string& revision) {
    FakePipeline::Pipeline made;
    made.deploy.set_path(path);
    made.deploy.set_revision(revision);
    made.repository.set_name("source");
    made.repository.set_url(git.Url("app"));
    return made;
  }
  void FollowSynced(const std::string& path, const std::string& revision = "main") {
    Follow(dev, path, revision);
  }
  void Follow(const AppEnvironment& where, const std::string& path, const std::string& revision) {
    FakePipeline::Pipeline made = Source(path, revision);
    made.synced = true;
    pipeline.Set(where, made);
    Announce("app.changed", where.AppName());
  }
  void Announce(const std::string& type, const std::string& name) {
    slipway::pipeline::v1::DefinitionChanged changed;
    changed.set_name(name);
    const auto done = db::RunTx(database.pool(), "test.event", kTime, [&](db::Tx& tx) {
      return synced.OnEvent(tx, {.type = type, .payload = changed.SerializeAsString()});
    });
    REQUIRE(done.ok());
  }
  // What all threads of `apps` do once.
  static void LookAt(SyncedApps& apps) {
    apps.Pass({});
    while (apps.LookAtNext({})) continue;
  }
  // What all loops do once.
  void Go() {
    LookAt(synced);
    worker.Pass({});
    committer.Pass();
  }
  std::optional<Deployment> Find(int64_t number = 0) {
    const auto found = db::RunTx(database.pool(), "test.find", kTime, [&](db::Tx& tx) {
      return deployments::Get(tx, {.where = dev, .number = number});
    });
    REQUIRE(found.ok());
    return *found;
  }
  int64_t Number() {
    const auto newest = Find();
    return newest ? newest->number : 0;
  }
  // The files of the app's folder in the newest commit.
  FolderState Folder() {
    const auto head = desired.Head(access);
    REQUIRE(head.ok());
    const auto state = desired.Folder(access, *head, dev);
    REQUIRE(state.ok());
    return *state;
  }
  void SetHealthy(int64_t number) {
    const auto done = db::RunTx(database.pool(), "test.healthy", kTime, [&](db::Tx& tx) {
      return tx.ExecScript(
          "UPDATE deployments SET state = 'HEALTHY', ended_at = now() WHERE number = " +
          std::to_string(number));
    });
    REQUIRE(done.ok());
  }
};

}  // namespace slipway::gitops
