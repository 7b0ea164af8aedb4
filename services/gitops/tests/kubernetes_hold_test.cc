// What stands against writes, on the real API server: while it does no request that writes comes
// there, drift is shown, and when it goes what waited is done.
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/domain/sync_controls.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

namespace pipeline_pb = slipway::pipeline::v1;
using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};

std::string ConfigMap(const std::string& name, const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {key: \"" + value +
         "\"}\n";
}

struct Held {
  Held() {
    Wire();
    stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "1")}, {"b.yaml", ConfigMap("b", "1")}});
    REQUIRE(stage.AwaitSynced(kDev));
    mark = stage.Mark();
  }
  void Wire() {
    people = std::make_unique<SyncControls>(
        SyncControls::Parts{stage.process->clock, stage.database.pool(), stage.process->lifecycle,
                            stage.pipeline, stage.process->syncer.policies()});
    people->OnChanged([this](const AppEnvironment& where) { stage.process->syncer.Wake(where); });
  }
  // As a kill and a start.
  void Restart() {
    people.reset();
    stage.Restart();
    Wire();
  }

  std::string Key(const std::string& name) {
    const boost::json::value object = stage.ns->Get("configmap", name);
    return object.is_object() ? std::string(object.at("data").at("key").as_string()) : "(none)";
  }
  void Edit(const std::string& name) {
    stage.ns->Kubectl(
        {"patch", "configmap", name, "--type=merge", "-p", R"({"data": {"key": "theirs"}})"});
  }
  bool Shows(sync::Hold hold, const std::string& drift) {
    return KubernetesStage::Eventually([&] {
      const EnvironmentState now = stage.Environment(kDev);
      return now.sync.held.hold == hold && now.drift.find(drift) != std::string::npos;
    });
  }
  // A drift, a commit that waits with what it deletes, and a restart: and not one write for them.
  void TryAll(sync::Hold hold) {
    const std::string a = "ConfigMap " + stage.ns->name() + "/a: ";
    Edit("a");
    CHECK(Shows(hold, a));
    stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")}, {"c.yaml", ConfigMap("c", "2")}});
    CHECK(Shows(hold, a));
    Restart();
    stage.ns->Kubectl({"delete", "configmap", "b"});
    CHECK(Shows(hold, "ConfigMap " + stage.ns->name() + "/b"));
    CHECK(Key("a") == "theirs");
    CHECK(!stage.Exists("configmap", "c"));
    CHECK(stage.Writes(mark) == 0);
  }
  void AllIsDone() {
    CHECK(stage.AwaitSynced(kDev));
    CHECK(Key("a") == "2");
    CHECK(Key("b") == "(none)");
    CHECK(Key("c") == "2");
    CHECK(Shows(sync::Hold::kNone, ""));
  }

  KubernetesStage stage;
  std::unique_ptr<SyncControls> people;
  int64_t mark = 0;
};

TEST_CASE("while a window is closed nothing is written to the cluster, and then all at once") {
  Held held;
  pipeline_pb::ProjectSpec project;
  auto* window = project.add_sync_windows();
  window->set_name("freeze");
  window->set_kind(pipeline_pb::SyncWindow::DENY);
  window->set_schedule("* * * * *");
  window->set_duration("1h");
  window->add_apps(std::string("*"));
  held.stage.pipeline.SetProject("demo", project);
  held.stage.Tell("project.changed", "projects/demo");
  held.TryAll(sync::Hold::kWindow);
  const auto asked = held.people->Sync(kDev.Name(), {.actor = "user:ann"}, /*prune=*/false);
  CHECK(DetailsOf(asked.status()).reason == "SYNC_WINDOW_CLOSED");
  CHECK(held.stage.Writes(held.mark) == 0);
  held.stage.pipeline.SetProject("demo", {});
  held.stage.Tell("project.changed", "projects/demo");
  held.AllIsDone();
}

TEST_CASE("while it is suspended nothing is written to the cluster, and all when it is resumed") {
  Held held;
  REQUIRE(held.people->Suspend(kDev.Name(), {.actor = "user:ann"}).ok());
  held.TryAll(sync::Hold::kSuspended);
  REQUIRE(held.people->Resume(kDev.Name(), {.actor = "user:ann"}).ok());
  held.AllIsDone();
}

TEST_CASE("where self-heal is off drift on the cluster is shown only, and commits are applied") {
  Held held;
  KubernetesStage& stage = held.stage;
  pipeline_pb::EnvironmentSpec environment;
  environment.set_self_heal(false);
  stage.pipeline.SetEnvironment("dev", environment);
  stage.Tell("environment.changed", "environments/dev");
  const std::string a = "ConfigMap " + stage.ns->name() + "/a: ";
  held.Edit("a");
  CHECK(held.Shows(sync::Hold::kSelfHealOff, a));
  held.Restart();
  stage.ns->Kubectl({"delete", "configmap", "b"});
  CHECK(held.Shows(sync::Hold::kSelfHealOff, "ConfigMap " + stage.ns->name() + "/b"));
  CHECK(stage.Writes(held.mark) == 0);
  CHECK(held.Key("a") == "theirs");
  // By hand.
  REQUIRE(held.people->Sync(kDev.Name(), {.actor = "user:ann"}, /*prune=*/false).ok());
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(held.Key("a") == "1");
  CHECK(held.Key("b") == "1");
  // By a commit.
  held.Edit("a");
  CHECK(held.Shows(sync::Hold::kSelfHealOff, a));
  stage.Commit(kDev, {{"a.yaml", ConfigMap("a", "2")}, {"b.yaml", ConfigMap("b", "1")}});
  REQUIRE(stage.AwaitSynced(kDev));
  CHECK(held.Key("a") == "2");
}

}  // namespace
}  // namespace slipway::gitops
