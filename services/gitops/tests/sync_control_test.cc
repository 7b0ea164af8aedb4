// Suspending, windows, self-heal and back-off through the whole service: a real git host, registry,
// PostgreSQL and podman.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/sync_controls.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/stage.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Status = pb::DeploymentStatus;

// Not a constant: Stage::kDev is one of another file.
std::string Dev() { return Stage::kDev.Name(); }

Caller Ann() {
  return {.actor = "user:ann",
          .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"};
}

// The service's own wiring of what people say.
struct Controls {
  explicit Controls(Stage& from)
      : stage(from),
        controls({from.process->clock, from.database.pool(), from.process->lifecycle, from.pipeline,
                  from.process->syncer.policies()}) {
    controls.OnChanged([this](const AppEnvironment& where) { stage.process->syncer.Wake(where); });
  }
  Stage& stage;
  SyncControls controls;
};

EnvironmentState Environment(Stage& stage) {
  const auto found = db::RunTx(stage.database.pool(), "test.environment", absl::Seconds(5),
                               [](db::Tx& tx) { return environments::Get(tx, Stage::kDev); });
  REQUIRE(found.ok());
  return found->value_or(EnvironmentState{});
}

bool Noted(Stage& stage, const std::string& subject, const std::string& event) {
  const auto events = stage.Journal(subject);
  return std::find(events.begin(), events.end(), event) != events.end();
}

// A window around now, of the kind given.
slipway::pipeline::v1::ProjectSpec Windows(slipway::pipeline::v1::SyncWindow::Kind kind,
                                           bool manual) {
  slipway::pipeline::v1::ProjectSpec spec;
  auto* window = spec.add_sync_windows();
  window->set_name("freeze");
  window->set_kind(kind);
  window->set_schedule("* * * * *");
  window->set_duration("1h");
  window->add_apps(std::string("*"));
  window->set_manual_sync(manual);
  return spec;
}

void Define(Stage& stage, const slipway::pipeline::v1::ProjectSpec& project) {
  stage.pipeline.SetProject("demo", project);
  stage.process->syncer.policies().Forget("projects/demo");
  stage.process->syncer.Wake(Stage::kDev);
}

std::string PodOf(const AppEnvironment& where) { return local::PodName(where); }
bool Runs(Stage& stage) {
  return stage.podman.Run({"pod", "ls", "--format", "{{.Name}}"}).find(PodOf(Stage::kDev)) !=
         std::string::npos;
}

}  // namespace

TEST_CASE(
    "while it is suspended a deployment is committed and waits with the name and the remedy") {
  Stage stage;
  Controls people(stage);
  const auto suspended = people.controls.Suspend(Dev(), Ann());
  INFO(suspended.status());
  REQUIRE(suspended.ok());
  CHECK(suspended->hold() == pb::SyncStatus::SUSPENDED);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment waiting = stage.Await(Stage::kDev, 1, [](const Deployment& deployment) {
    return deployment.state == Status::SYNCING &&
           deployment.reason.find("suspended by user:ann since ") == 0;
  });
  CHECK(waiting.reason.find(": slipway resume hello/dev") != std::string::npos);
  CHECK_FALSE(waiting.commit.empty());
  CHECK_FALSE(Runs(stage));
  // Also after a restart.
  stage.Restart();
  Controls again(stage);
  REQUIRE(Stage::Eventually([&] { return Noted(stage, waiting.Name(), "deployment.waits"); }));
  CHECK(stage.Find(Stage::kDev)->state == Status::SYNCING);
  const auto by_hand = again.controls.Sync(Dev(), Ann());
  CHECK(DetailsOf(by_hand.status()).reason == "SYNC_SUSPENDED");

  REQUIRE(again.controls.Resume(Dev(), Ann()).ok());
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(one.state == Status::HEALTHY);
  CHECK(Stage::Fetch(one.url + "index.html") == "one");
  REQUIRE(
      Stage::Eventually([&] { return Environment(stage).sync.held.hold == sync::Hold::kNone; }));
}

TEST_CASE("while it is suspended drift is shown and stays, and is put back when it is resumed") {
  Stage stage;
  Controls people(stage);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  REQUIRE(one.state == Status::HEALTHY);
  REQUIRE(people.controls.Suspend(Dev(), Ann()).ok());
  CHECK(Noted(stage, one.Name(), "sync.suspended"));
  stage.podman.Run({"pod", "rm", "-f", "-t", "0", PodOf(Stage::kDev)});
  REQUIRE(Stage::Eventually([&] {
    const EnvironmentState now = Environment(stage);
    return now.sync.held.hold == sync::Hold::kSuspended && !now.drift.empty();
  }));
  CHECK(Noted(stage, one.Name(), "sync.held"));
  CHECK_FALSE(Runs(stage));
  const auto status = people.controls.Get(Dev());
  REQUIRE(status.ok());
  CHECK(status->suspended_by() == "user:ann");
  CHECK_FALSE(status->drift().empty());

  REQUIRE(people.controls.Resume(Dev(), Ann()).ok());
  REQUIRE(Stage::Eventually([&] { return Stage::Fetch(one.url + "index.html") == "one"; }));
}

TEST_CASE("a deny window holds images back, a person gets through only where it says so") {
  Stage stage;
  Controls people(stage);
  Define(stage, Windows(slipway::pipeline::v1::SyncWindow::DENY, false));
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment waiting = stage.Await(Stage::kDev, 1, [](const Deployment& deployment) {
    return deployment.reason.find("denied by window freeze until ") == 0;
  });
  CHECK(waiting.state == Status::SYNCING);
  CHECK_FALSE(Runs(stage));
  const auto status = people.controls.Get(Dev());
  REQUIRE(status.ok());
  CHECK(status->hold() == pb::SyncStatus::WINDOW);
  CHECK(status->has_until_time());
  CHECK(DetailsOf(people.controls.Sync(Dev(), Ann()).status()).reason == "SYNC_WINDOW_CLOSED");

  Define(stage, Windows(slipway::pipeline::v1::SyncWindow::DENY, true));
  REQUIRE(stage
              .Await(Stage::kDev, 1,
                     [](const Deployment& deployment) {
                       return deployment.reason.find("; by hand: slipway sync hello/dev") !=
                              std::string::npos;
                     })
              .state == Status::SYNCING);
  const auto synced = people.controls.Sync(Dev(), Ann());
  INFO(synced.status());
  REQUIRE(synced.ok());
  CHECK(synced->asked_by() == "user:ann");
  REQUIRE(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  CHECK(Noted(stage, waiting.Name(), "sync.by_hand"));
  CHECK(Environment(stage).sync.asked_by.empty());
}

TEST_CASE("when the window ends what waited goes on, and what ended by itself runs again in it") {
  Stage stage;
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  REQUIRE(one.state == Status::HEALTHY);
  Define(stage, Windows(slipway::pipeline::v1::SyncWindow::DENY, false));
  stage.Announce(stage.MakeImage("two", 2));
  stage.Await(Stage::kDev, 2, [](const Deployment& deployment) {
    return deployment.reason.find("denied by window freeze") == 0;
  });
  const std::string pid =
      stage.podman.Run({"ps", "--filter", "label=slipway.dev/owner=test", "--format", "{{.Pid}}"});
  REQUIRE(::kill(std::stoi(pid), SIGKILL) == 0);
  REQUIRE(Stage::Eventually([&] { return Stage::Fetch(one.url + "index.html") == "one"; }));
  Define(stage, {});
  REQUIRE(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
  CHECK(Stage::Fetch(stage.Find(Stage::kDev)->url + "index.html") == "two");
}

TEST_CASE("where self-heal is off drift is shown only, and a sync by hand puts it back") {
  Stage stage;
  Controls people(stage);
  slipway::pipeline::v1::EnvironmentSpec environment;
  environment.set_self_heal(false);
  stage.pipeline.SetEnvironment("dev", environment);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  REQUIRE(one.state == Status::HEALTHY);
  stage.podman.Run({"pod", "rm", "-f", "-t", "0", PodOf(Stage::kDev)});
  REQUIRE(Stage::Eventually(
      [&] { return Environment(stage).sync.held.hold == sync::Hold::kSelfHealOff; }));
  CHECK_FALSE(Environment(stage).drift.empty());
  CHECK_FALSE(Runs(stage));
  // A commit is applied as ever.
  REQUIRE(people.controls.Sync(Dev(), Ann()).ok());
  REQUIRE(Stage::Eventually([&] { return Stage::Fetch(one.url + "index.html") == "one"; }));
  REQUIRE(
      Stage::Eventually([&] { return Environment(stage).sync.held.hold == sync::Hold::kNone; }));
  stage.Announce(stage.MakeImage("two", 2));
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
}

TEST_CASE("a failed try is kept over a restart, and a newer image does not wait for it") {
  Stage stage;
  stage.Restart(/*start=*/false);
  stage.Announce(stage.MakeImage("one", 1));
  stage.process->deployer.Pass();
  stage.process->committer.Pass();
  const std::string tree = stage.git.Git("ops", {"rev-parse", "main:demo/hello/dev"});
  // As the process before left it.
  stage.database.Exec("UPDATE app_environments SET sync_revision = '" + tree +
                      "', sync_failures = 9, sync_next = now() + interval '1 hour'");
  stage.Restart();
  REQUIRE(
      Stage::Eventually([&] { return Environment(stage).sync.held.hold == sync::Hold::kBackOff; }));
  CHECK(Environment(stage).sync.held.reason.find("try 10 at ") != std::string::npos);
  CHECK(stage.Find(Stage::kDev)->state == Status::SYNCING);
  CHECK_FALSE(Runs(stage));
  stage.Announce(stage.MakeImage("two", 2));
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
  CHECK(Environment(stage).sync.retry.failures == 0);
}

TEST_CASE("a window holds also while pipeline is away, and over a restart") {
  Stage stage;
  Define(stage, Windows(slipway::pipeline::v1::SyncWindow::DENY, false));
  stage.Announce(stage.MakeImage("one", 1));
  const auto denied = [](const Deployment& deployment) {
    return deployment.reason.find("denied by window freeze") == 0;
  };
  stage.Await(Stage::kDev, 1, denied);
  stage.pipeline.SetAway(true);
  stage.Restart();
  stage.Announce(stage.MakeImage("two", 2));
  CHECK(stage.Await(Stage::kDev, 2, denied).state == Status::SYNCING);
  CHECK_FALSE(Runs(stage));

  // Never known at all, nothing is allowed.
  stage.database.Exec("DELETE FROM definitions");
  stage.Restart();
  stage.Await(Stage::kDev, 2, [](const Deployment& deployment) {
    return deployment.reason.find("the sync windows are not known: ") == 0;
  });
  stage.pipeline.SetAway(false);
  Define(stage, {});
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
}

TEST_CASE(
    "what the project does not allow is refused with its limit, and a sync goes on after it") {
  Stage stage;
  Controls people(stage);
  slipway::pipeline::v1::ProjectSpec project;
  project.mutable_limits()->add_destinations()->set_cluster("eu-*");
  Define(stage, project);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment refused = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(refused.state == Status::FAILED);
  CHECK(refused.reason.find("is not in spec.limits.destinations of project demo") !=
        std::string::npos);
  CHECK_FALSE(Runs(stage));
  Define(stage, {});
  REQUIRE(people.controls.Sync(Dev(), Ann()).ok());
  REQUIRE(Stage::Eventually([&] { return Runs(stage); }));
}

}  // namespace slipway::gitops
