#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/deployment_queries.h"
#include "services/gitops/domain/remover.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

std::string PodOf(const AppEnvironment& where) { return local::PodName(where); }

int CountOf(const std::vector<std::string>& events, const std::string& event) {
  return static_cast<int>(std::count(events.begin(), events.end(), event));
}

TEST_CASE("a process that dies between push and its note commits nothing twice") {
  Stage stage;
  stage.Restart(/*start=*/false);
  stage.Announce(stage.MakeImage("one", 1));
  stage.process->deployer.Pass();
  stage.process->committer.Pass();
  REQUIRE(stage.Find(Stage::kDev)->state == Status::SYNCING);
  const std::string commit = stage.git.Git("ops", {"rev-parse", "main"});
  // As if the process had died after the push and before the note.
  stage.database.Exec("UPDATE deployments SET state = 'COMMITTING', commit_id = ''");
  stage.Restart();
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(one.state == Status::HEALTHY);
  CHECK(one.commit == commit);
  CHECK(stage.git.Git("ops", {"rev-list", "--count", "main"}) == "1");

  // And with a commit of somebody else on top.
  stage.Restart(/*start=*/false);
  stage.Announce(stage.MakeImage("two", 2));
  stage.process->deployer.Pass();
  stage.process->committer.Pass();
  stage.git.Commit("ops", "main", {{"NOTES.md", "by hand"}}, "Add notes");
  stage.database.Exec(
      "UPDATE deployments SET state = 'COMMITTING', commit_id = '' WHERE number = 2");
  stage.Restart();
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
  CHECK(stage.git.Git("ops", {"rev-list", "--count", "main"}) == "3");
}

TEST_CASE("a process that dies while a deployment gets healthy is followed by one that goes on") {
  Stage stage;
  stage.Restart(/*start=*/false);
  stage.Announce(stage.MakeImage("one", 1));
  stage.process->deployer.Pass();
  CHECK(stage.Find(Stage::kDev)->state == Status::PENDING);
  stage.Restart(/*start=*/false);
  stage.process->committer.Pass();
  CHECK(stage.Find(Stage::kDev)->state == Status::SYNCING);
  stage.Restart();
  CHECK(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
}

TEST_CASE("two writers of the repository lose nothing of each other") {
  Stage stage;
  const TempDir folder = *TempDir::Create("other-writer-");
  git::MirrorStore mirrors(*stage.cli, folder.path());
  DesiredRepository other(mirrors, *stage.guard);
  int others = 0;
  for (int i = 1; i <= 4; ++i) {
    stage.Announce(stage.MakeImage("v" + std::to_string(i), i));
    // While the committer is at work.
    for (int j = 0; j < 4; ++j, ++others) {
      const std::string key = "other " + std::to_string(others);
      const auto made =
          other.Commit(stage.access, {{.key = key,
                                       .folder = "other/app/" + std::to_string(others),
                                       .files = {{"deployment.yaml", key}},
                                       .message = "Other\n\nSlipway-Deployment: " + key + "\n",
                                       .time = absl::Now()}});
      INFO(made.status());
      REQUIRE(made.ok());
    }
    stage.AwaitEnd(Stage::kDev, i);
  }
  CHECK(stage.Find(Stage::kDev)->state == Status::HEALTHY);
  const int commits = std::stoi(stage.git.Git("ops", {"rev-list", "--count", "main"}));
  CHECK(commits == others + 4);
  for (int i = 1; i <= 4; ++i) {
    const std::string trailer =
        "Slipway-Deployment: " + DeploymentName{Stage::kDev, i}.Name() + "$";
    CHECK(stage.git.Git("ops", {"rev-list", "--count", "--grep=" + trailer, "main"}) == "1");
  }
}

TEST_CASE("a container that is killed and a pod that is removed come back within about a second") {
  Stage stage;
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  REQUIRE(one.state == Status::HEALTHY);
  const auto answers = [&] { return Stage::Fetch(one.url + "index.html") == "one"; };
  const std::string before =
      stage.podman.Run({"pod", "inspect", PodOf(Stage::kDev), "--format", "{{.ID}}"});
  const std::string pid =
      stage.podman.Run({"ps", "--filter", "label=slipway.dev/owner=test", "--format", "{{.Pid}}"});
  const absl::Time killed = absl::Now();
  REQUIRE(::kill(std::stoi(pid), SIGKILL) == 0);
  REQUIRE(Stage::Eventually(
      [&] { return CountOf(stage.Journal(one.Name()), "drift.put_back") == 1 && answers(); }));
  WARN("killed container back after " << absl::FormatDuration(absl::Now() - killed));
  CHECK(stage.podman.Run({"pod", "inspect", PodOf(Stage::kDev), "--format", "{{.ID}}"}) != before);

  const absl::Time removed = absl::Now();
  stage.podman.Run({"pod", "rm", "-f", "-t", "0", PodOf(Stage::kDev)});
  REQUIRE(Stage::Eventually(
      [&] { return CountOf(stage.Journal(one.Name()), "drift.put_back") == 2 && answers(); }));
  WARN("removed pod back after " << absl::FormatDuration(absl::Now() - removed));
  CHECK(stage.Find(Stage::kDev)->state == Status::HEALTHY);
}

TEST_CASE("a commit made by hand is applied, and a folder that is gone takes its workload away") {
  Stage stage({.sync = {.fetch_interval = absl::Milliseconds(300)}});
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  REQUIRE(one.state == Status::HEALTHY);
  const auto manifests =
      db::RunTx(stage.database.pool(), "test.manifests", absl::Seconds(5),
                [&](db::Tx& tx) { return deployments::ReadManifests(tx, one.id); });
  REQUIRE(manifests.ok());
  std::string text = manifests->at(0).text;
  const size_t at = text.find("          ports:");
  text.insert(at, "          env:\n          - name: \"BY_HAND\"\n            value: \"yes\"\n");
  stage.git.Commit("ops", "main", {{"demo/hello/dev/deployment.yaml", text}}, "Set BY_HAND");
  REQUIRE(Stage::Eventually([&] {
    const std::string env =
        stage.podman.Run({"inspect", PodOf(Stage::kDev) + "-hello", "--format", "{{.Config.Env}}"});
    return env.find("BY_HAND=yes") != std::string::npos;
  }));
  CHECK(Stage::Eventually(
      [&] { return CountOf(stage.Journal(one.Name()), "sync.commit_applied") == 1; }));

  stage.podman.Run({"pod", "create", "--name", "stranger"});
  const RepositoryAccess& access = stage.access;
  REQUIRE(
      stage.repository
          ->Commit(access,
                   {{.folder = "demo/hello/dev", .message = "Remove by hand", .time = absl::Now()}})
          .ok());
  REQUIRE(Stage::Eventually([&] {
    return stage.podman.Run({"pod", "ps", "--format", "{{.Name}}"}) == "stranger";
  }));
}

TEST_CASE(
    "an app that does not stay up is unhealthy with its exit code and last lines, and the next one "
    "replaces it") {
  Stage stage;
  stage.Announce(
      stage.MakeImage("bad", 1, R"(["/bin/busybox","sh","-c","echo no such table >&2; exit 3"])"));
  const Deployment bad = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(bad.state == Status::UNHEALTHY);
  CHECK(bad.reason.find("exit code 3") != std::string::npos);
  CHECK(bad.reason.find("no such table") != std::string::npos);
  stage.Announce(stage.MakeImage("good", 2));
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);
}

TEST_CASE("an app that never answers is unhealthy after the limit and says what was asked") {
  Stage stage({.sync = {.health_timeout = absl::Seconds(2)}});
  FakePipeline::Pipeline dev;
  dev.deploy.set_port(8080);
  dev.deploy.set_health_path("/missing");
  stage.pipeline.Set(Stage::kDev, dev);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(one.state == Status::UNHEALTHY);
  CHECK(one.reason.find("GET /missing") != std::string::npos);
  CHECK(one.reason.find("404") != std::string::npos);
}

TEST_CASE(
    "a registry that refuses fails the deployment with cause and remedy, and what ran goes on "
    "running") {
  Stage stage({.registry_user = "slipway", .registry_password = "right"});
  stage.pipeline.SetCredential({stage.registry.address(), "slipway", "right"});
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  INFO(one.reason);
  REQUIRE(one.state == Status::HEALTHY);
  stage.pipeline.SetCredential({stage.registry.address(), "slipway", "wrong"});
  stage.Announce(stage.MakeImage("two", 2));
  const Deployment two = stage.AwaitEnd(Stage::kDev, 2);
  CHECK(two.state == Status::FAILED);
  CHECK(two.reason.find("check user name and password") != std::string::npos);
  CHECK(two.reason.find("wrong") == std::string::npos);
  CHECK(Stage::Fetch(one.url + "index.html") == "one");
}

TEST_CASE("a manifest that the target can't run fails with file and field") {
  Stage stage;
  FakePipeline::Pipeline dev;
  dev.deploy.set_port(8080);
  dev.deploy.mutable_resources()->set_memory("lots");
  stage.pipeline.Set(Stage::kDev, dev);
  stage.Announce(stage.MakeImage("one", 1));
  const Deployment one = stage.AwaitEnd(Stage::kDev, 1);
  CHECK(one.state == Status::FAILED);
  CHECK(one.reason.find("podman refuses the manifest") != std::string::npos);
  CHECK(stage.podman.Run({"pod", "ps", "-q"}).empty());
}

TEST_CASE(
    "while the git host is away the deployment says what it waits for, and goes on when it is "
    "back") {
  Stage stage;
  stage.git.AnswerWith("503 Service Unavailable");
  stage.Announce(stage.MakeImage("one", 1));
  stage.Await(Stage::kDev, 1, [](const Deployment& deployment) {
    return deployment.reason.find("waits for the GitOps repository") != std::string::npos;
  });
  stage.git.AnswerWith("");
  CHECK(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  CHECK(stage.git.Git("ops", {"rev-list", "--count", "main"}) == "1");
}

TEST_CASE("a newer deployment supersedes one that has not ended") {
  Stage stage;
  stage.git.AnswerWith("503 Service Unavailable");
  stage.Announce(stage.MakeImage("one", 1));
  stage.Await(Stage::kDev, 1, [](const Deployment&) { return true; });
  stage.Announce(stage.MakeImage("two", 2));
  stage.Await(Stage::kDev, 2, [](const Deployment&) { return true; });
  CHECK(stage.AwaitEnd(Stage::kDev, 1).state == Status::SUPERSEDED);
  stage.git.AnswerWith("");
  const Deployment two = stage.AwaitEnd(Stage::kDev, 2);
  CHECK(two.state == Status::HEALTHY);
  CHECK(Stage::Fetch(two.url + "index.html") == "two");
}

TEST_CASE("deleting a deployment pipeline takes folder, pod and port away and confirms it") {
  Stage stage;
  stage.Announce(stage.MakeImage("one", 1));
  REQUIRE(stage.AwaitEnd(Stage::kDev, 1).state == Status::HEALTHY);
  Remover remover(stage.RemoverParts());
  slipway::pipeline::v1::DefinitionChanged changed;
  changed.set_name("projects/demo/apps/hello/workflows/main/deploymentPipelines/dev");
  changed.set_app_uid("uid-hello");
  const auto told =
      db::RunTx(stage.database.pool(), "test.event", absl::Seconds(5), [&](db::Tx& tx) {
        return remover.OnEvent(
            tx, {.type = "deployment_pipeline.deleting", .payload = changed.SerializeAsString()});
      });
  REQUIRE(told.ok());
  remover.Pass({});
  CHECK(stage.pipeline.confirmed() == std::vector<std::string>{changed.name()});
  CHECK(stage.podman.Run({"pod", "ps", "-q"}).empty());
  CHECK(stage.git.Git("ops", {"ls-tree", "-r", "--name-only", "main"}).empty());
  CHECK(stage.database.Value("SELECT count(*)::text AS v FROM local_ports") == "0");
  CHECK(stage.database.Value("SELECT count(*)::text AS v FROM removals") == "0");
  CHECK(stage.Find(Stage::kDev)->number == 1);

  // What was healthy is not shown as if it still ran.
  const auto shown = DeploymentQueries(stage.database.pool()).Get({.where = Stage::kDev});
  REQUIRE(shown.ok());
  CHECK_FALSE(shown->status().current());
  CHECK(shown->status().health() == Status::MISSING);
  CHECK(shown->status().url().empty());
  CHECK(shown->status().reason() == "its deployment pipeline was deleted, so it was taken away");

  // The same name again goes on with the numbers.
  stage.Announce(stage.MakeImage("two", 2));
  CHECK(stage.AwaitEnd(Stage::kDev, 2).state == Status::HEALTHY);

  // Nothing of a deleted app is left for another one of its name.
  changed.set_name("projects/demo/apps/hello");
  const auto deleted =
      db::RunTx(stage.database.pool(), "test.event", absl::Seconds(5), [&](db::Tx& tx) {
        return remover.OnEvent(tx,
                               {.type = "app.deleting", .payload = changed.SerializeAsString()});
      });
  REQUIRE(deleted.ok());
  remover.Pass({});
  CHECK(stage.database.Value("SELECT count(*)::text AS v FROM removals") == "0");
  for (const char* table :
       {"deployments", "images", "candidates", "promotions", "pins", "local_ports"}) {
    CHECK(stage.database.Value(std::string("SELECT count(*)::text AS v FROM ") + table) == "0");
  }
}

}  // namespace
}  // namespace slipway::gitops
