// From a path of a repository to the commit that deploys it.
#include <catch2/catch.hpp>
#include <chrono>
#include <future>

#include "libs/base/error.h"
#include "services/gitops/source/testing/work_bed.h"
#include "services/gitops/store/environment_store.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
constexpr absl::Duration kTime = absl::Seconds(10);

std::string ConfigMap(const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: " + value + "}\n";
}

using Bed = WorkBed;

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A new image goes into the app's own manifests at the commit that it was built from") {
  Bed bed;
  const std::string manifest =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
      "  - image: x # {\"$slipway\": \"image\"}\n    name: a\n";
  const std::string commit = bed.git.Commit("app", "main", {{"k8s/pod.yaml", manifest}}, "one");
  bed.git.Commit("app", "main", {{"k8s/pod.yaml", ConfigMap("later")}}, "two");
  bed.pipeline.Set(bed.dev, bed.Source("k8s", ""));
  slipway::build::v1::ImageCreated event;
  const std::string digest = "sha256:" + std::string(64, 'a');
  auto& image = *event.mutable_image();
  image.set_name("projects/demo/apps/hello/images/1");
  image.set_reference("registry:5000/demo/hello@" + digest);
  image.set_digest(digest);
  image.set_commit(commit);
  image.set_order(1);
  event.set_workflow("projects/demo/apps/hello/workflows/main");
  event.set_app_uid(bed.pipeline.ResolveDeployment(bed.dev)->app_uid());
  event.add_targets()->set_environment("dev");
  REQUIRE(db::RunTx(bed.database.pool(), "test.image", kTime, [&](db::Tx& tx) {
            return bed.deployer.OnImage(tx, event);
          }).ok());
  bed.deployer.Pass();
  REQUIRE(bed.Number() == 1);
  bed.committer.Pass();
  CHECK(bed.Find()->state == Status::PENDING);  // not rendered yet, so there is nothing to commit
  bed.Go();
  CHECK(bed.Find()->state == Status::SYNCING);
  const FolderState folder = bed.Folder();
  REQUIRE(folder.files.size() == 1);
  CHECK(folder.files[0].file == "pod.yaml");
  CHECK(Has(folder.files[0].text, "registry:5000/demo/hello@" + digest));
  CHECK(Has(folder.files[0].text, "deployments/1, rendered by Slipway"));
  CHECK(Has(folder.files[0].text, commit));
}

TEST_CASE("A synced app follows its path, and commits elsewhere make no deployment") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  REQUIRE(bed.Number() == 1);
  CHECK(bed.Find()->state == Status::SYNCING);
  CHECK(Has(bed.Folder().files[0].text, "one"));
  bed.git.Commit("app", "main", {{"README.md", "x"}}, "elsewhere");
  bed.Go();
  CHECK(bed.Number() == 1);
  const std::string two = bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("two")}}, "two");
  bed.Go();
  REQUIRE(bed.Number() == 2);
  CHECK(bed.Find()->image.commit == two);
  CHECK(bed.Find(1)->state == Status::SUPERSEDED);
  CHECK(Has(bed.Folder().files[0].text, "two"));
  CHECK(bed.renderer.renders() == 2);
}

TEST_CASE("A synced app is deployed anew when what it leaves to others changes") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  REQUIRE(bed.Number() == 1);
  FakePipeline::Pipeline made = bed.Source("k8s", "main");
  made.synced = true;
  made.deploy.add_ignore_differences()->add_json_pointers("/data/key");
  for (int i = 0; i < 2; ++i) {
    bed.pipeline.Set(bed.dev, made);
    bed.Announce("app.changed", bed.dev.AppName());
    bed.Go();
    CHECK(bed.Number() == 2);
  }
  CHECK(bed.Find()->deploy.ignore_differences_size() == 1);
}

TEST_CASE("A synced app without a revision follows the default branch, also to another one") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s", "");
  bed.Go();
  REQUIRE(bed.Number() == 1);
  CHECK(bed.Find()->image.ref == "main");
  CHECK(Has(bed.Folder().files[0].text, "one"));
  const std::string two = bed.git.Commit("app", "next", {{"k8s/a.yaml", ConfigMap("two")}}, "two");
  bed.Go();
  CHECK(bed.Number() == 1);
  bed.git.Git("app", {"symbolic-ref", "HEAD", "refs/heads/next"});
  bed.Go();
  REQUIRE(bed.Number() == 2);
  CHECK(bed.Find()->image.commit == two);
  CHECK(bed.Find()->image.ref == "next");
  slipway::gitops::v1::CreateDeploymentRequest now;
  now.set_parent(bed.dev.Name());
  const auto made = bed.deployer.Create(now, {.actor = "user:ann"});
  INFO(made.status());
  REQUIRE(made.ok());
  CHECK(bed.Find(3)->image.commit == two);
}

TEST_CASE("An app whose definition changed is looked at without the others of its repository") {
  Bed bed;
  bed.git.Commit("app", "main",
                 {{"one/a.yaml", ConfigMap("one")}, {"two/a.yaml", ConfigMap("two")}}, "one");
  SyncedApps synced(
      {bed.database.pool(), bed.lifecycle, bed.pipeline, bed.repositories, bed.renderer},
      absl::Hours(1));
  bed.FollowSynced("one");
  Bed::LookAt(synced);
  CHECK(bed.Number() == 1);
  bed.git.Commit("app", "main", {{"one/a.yaml", ConfigMap("1")}, {"two/a.yaml", ConfigMap("2")}},
                 "two");
  const AppEnvironment other{"demo", "other", "dev"};
  FakePipeline::Pipeline made = bed.Source("two", "main");
  made.synced = true;
  bed.pipeline.Set(other, made);
  bed.Announce("app.changed", other.AppName());
  Bed::LookAt(synced);
  CHECK(bed.Number() == 1);
  CHECK(bed.database.Value("SELECT subject AS v FROM deployments WHERE app = 'other'") == "two");
}

TEST_CASE("A commit that does not render fails once, and takes nothing away") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  const std::string tree = bed.Folder().tree;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", "kind: [\n"}}, "broken");
  for (int i = 0; i < 3; ++i) bed.Go();
  REQUIRE(bed.Number() == 2);
  CHECK(bed.Find()->state == Status::FAILED);
  CHECK(Has(bed.Find()->reason, "a.yaml"));
  CHECK(bed.Folder().tree == tree);
  // Emptied, or gone altogether: the same.
  bed.git.Commit("app", "main", {{"k8s/a.yaml", "# nothing\n"}}, "empty");
  bed.Go();
  CHECK(Has(bed.Find()->reason, "no object"));
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ""}, {"other", "x"}}, "gone");
  bed.Go();
  CHECK(bed.Find()->state == Status::FAILED);
  CHECK(bed.Folder().tree == tree);
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("fixed")}}, "fixed");
  bed.Go();
  CHECK(bed.Find()->state == Status::SYNCING);
  CHECK(Has(bed.Folder().files[0].text, "fixed"));
}

TEST_CASE("A rollback of a synced app holds it at an earlier revision until somebody deploys") {
  Bed bed;
  const std::string one = bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  bed.SetHealthy(1);
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("two")}}, "two");
  bed.Go();
  bed.SetHealthy(2);
  slipway::gitops::v1::RollbackRequest back;
  back.set_name(bed.dev.Name());
  const auto rolled = bed.deployer.Rollback(back, {.actor = "user:ann"});
  INFO(rolled.status());
  REQUIRE(rolled.ok());
  bed.Go();
  CHECK(bed.Find(3)->image.commit == one);
  CHECK(bed.Find(3)->pinned);
  CHECK(Has(bed.Folder().files[0].text, "one"));
  bed.SetHealthy(3);
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("three")}}, "three");
  for (int i = 0; i < 2; ++i) bed.Go();
  CHECK(bed.Number() == 3);
  CHECK(bed.database.Value("SELECT count(*)::text AS v FROM journal WHERE event = 'sync.held'") ==
        "1");
  slipway::gitops::v1::CreateDeploymentRequest now;
  now.set_parent(bed.dev.Name());
  const auto made = bed.deployer.Create(now, {.actor = "user:ann"});
  INFO(made.status());
  REQUIRE(made.ok());
  for (int i = 0; i < 2; ++i) bed.Go();
  CHECK(bed.Number() == 4);
  CHECK(Has(bed.Folder().files[0].text, "three"));
  now.set_image("sha256:" + std::string(64, 'a'));
  CHECK(DetailsOf(bed.deployer.Create(now, {.actor = "user:ann"}).status()).reason ==
        "INVALID_FIELD");
}

TEST_CASE("A git host that is away is waited for, and what runs stays") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  bed.git.AnswerWith("503 Service Unavailable");
  bed.Go();
  CHECK(bed.Number() == 1);
  CHECK(Has(bed.database.Value("SELECT problem AS v FROM synced_apps"), "503"));
  bed.git.AnswerWith("");
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("two")}}, "two");
  bed.Go();
  CHECK(bed.Number() == 2);
  CHECK(bed.database.Value("SELECT problem AS v FROM synced_apps").empty());
}

TEST_CASE("A host that does not answer holds up the render of its own app alone") {
  Bed bed;
  git::GitServer away;
  away.CreateRepository("app");
  const std::string lost = away.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("lost")}}, "one");
  const std::string commit = bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("a")}}, "one");
  away.SetSilent(true);
  const auto make = [&](const char* environment, const git::GitServer& server,
                        const std::string& sha) {
    NewDeployment deployment{.where = {"demo", "hello", environment}, .app_uid = "a1"};
    deployment.image.commit = sha;
    deployment.deploy.set_path("k8s");
    deployment.deploy.set_revision(sha);
    deployment.repository.set_url(server.Url("app"));
    REQUIRE(db::RunTx(bed.database.pool(), "test.create", kTime, [&](db::Tx& tx) {
              return bed.lifecycle.Create(tx, deployment).status();
            }).ok());
  };
  make("away", away, lost);
  std::stop_source stop;
  const auto cli = *git::GitCli::Create({.stop = stop.get_token()});
  git::MirrorStore mirrors{*cli, bed.folder.path() + "/own"};
  const auto guard =
      *http::OutgoingGuard::Create({PairOf(bed.git.Url("x")), PairOf(away.Url("x"))});
  SourceRepository repositories{mirrors, guard, bed.pipeline};
  std::promise<void> rendered;
  SourceWorker worker{{bed.database.pool(), bed.lifecycle, repositories, bed.renderer,
                       [&] { rendered.set_value(); }}};
  worker.Start();
  away.AwaitSilentRequest();
  make("dev", bed.git, commit);
  worker.Wake();
  CHECK(rendered.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  stop.request_stop();
  worker.Stop();
}

TEST_CASE("An environment that the app no longer names is not followed, and stays as it is") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  bed.FollowSynced("k8s");
  bed.Go();
  const std::string tree = bed.Folder().tree;
  bed.pipeline.Forget(bed.dev);
  bed.Announce("app.changed", bed.dev.AppName());
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("two")}}, "two");
  bed.Go();
  CHECK(bed.Number() == 1);
  CHECK(bed.Folder().tree == tree);
  CHECK(bed.database.Value("SELECT count(*)::text AS v FROM journal WHERE event = "
                           "'environment.not_synced'") == "1");
}

TEST_CASE("Revisions that look like options are refused by git's own rules, not passed on") {
  Bed bed;
  bed.git.Commit("app", "main", {{"k8s/a.yaml", ConfigMap("one")}}, "one");
  for (const char* revision : {"--upload-pack=touch /tmp/x", "-x", "main~1", "@{-1}"}) {
    INFO(revision);
    bed.FollowSynced("k8s", revision);
    bed.Go();
    CHECK(bed.Number() == 0);
  }
}

}  // namespace
}  // namespace slipway::gitops
