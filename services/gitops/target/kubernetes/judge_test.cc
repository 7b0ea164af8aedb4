#include "services/gitops/target/kubernetes/judge.h"

#include <catch2/catch.hpp>
#include <map>

namespace slipway::gitops::kubernetes {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;
using State = InventoryEntry::State;

const kube::ObjectId kApi{"apps", "Deployment", "shop", "api"};

// A plan of one Deployment, what is recorded of it, and what was seen.
struct Scene {
  Plan plan;
  Inventory::Entries entries;
  std::map<kube::ObjectId, LiveObject> seen;
  bool listed = true;

  Scene() {
    plan.objects.push_back({.id = kApi, .content = 7});
    entries[kApi] = {.id = kApi, .state = State::kApplied, .uid = "u1", .content = 7};
    entries[kApi].seen = {.uid = 1, .fields = 2, .values = 3, .time = 4, .generation = 1};
    seen[kApi] = {.exists = true, .uid = "u1"};
    seen[kApi].seen = entries[kApi].seen;
    seen[kApi].health = {kube::HealthState::kHealthy, ""};
  }
  std::optional<LiveObject> Live(const kube::ObjectId& id) const {
    const auto found = seen.find(id);
    if (found != seen.end()) return found->second;
    return listed ? std::optional(LiveObject()) : std::nullopt;
  }
  LiveView View() const {
    return [this](const kube::ObjectId& id) { return Live(id); };
  }
  Need Ask() const { return NeedOf(plan.objects[0], &entries.at(kApi), Live(kApi)); }
  Observation Look() const { return JudgeApp(plan, entries, View()).seen; }
};

TEST_CASE("what is applied and as it was seen then needs nothing") {
  Scene scene;
  CHECK(scene.Ask().kind == Need::Kind::kNothing);
  const Observation seen = scene.Look();
  CHECK(seen.health == Status::RUNNING);
  CHECK(seen.drift.empty());
  CHECK(seen.watched);
}

TEST_CASE("new, changed, unconfirmed, missing and drifted objects are applied") {
  Scene scene;
  SECTION("written ahead, and its answer never came") {
    scene.entries[kApi].state = State::kPending;
  }
  SECTION("the plan changed") { scene.plan.objects[0].content = 8; }
  SECTION("it was deleted") { scene.seen.clear(); }
  SECTION("it is another object by that name") { scene.seen[kApi].seen.uid = 9; }
  SECTION("fields were taken over") { scene.seen[kApi].seen.fields = 9; }
  SECTION("values changed") { scene.seen[kApi].seen.values = 9; }
  CHECK(scene.Ask().kind == Need::Kind::kApply);
  CHECK(scene.Look().drift.size() == 1);
}

TEST_CASE("a watch of metadata only is no drift") {
  Scene scene;
  scene.seen[kApi].seen.values = 0;
  CHECK(scene.Ask().kind == Need::Kind::kNothing);
}

TEST_CASE("what has not been listed is waited for, and never written for lack of knowledge") {
  Scene scene;
  scene.seen.clear();
  scene.listed = false;
  CHECK(scene.Ask().kind == Need::Kind::kKnowledge);
  CHECK(scene.Look().health == Status::UNKNOWN);
  CHECK(scene.Look().drift.empty());
}

TEST_CASE("an object that is being deleted is waited for") {
  Scene scene;
  scene.seen[kApi].deleting = true;
  CHECK(scene.Ask().kind == Need::Kind::kAbsence);
}

TEST_CASE("the headline names the worst object") {
  Scene scene;
  const kube::ObjectId web{"apps", "Deployment", "shop", "web"};
  scene.plan.objects.push_back({.id = web, .content = 1});
  scene.entries[web] = {.id = web, .state = State::kApplied, .content = 1};
  scene.seen[web] = {.exists = true};
  scene.seen[kApi].health = {kube::HealthState::kProgressing, "1 of 3 updated"};
  CHECK(scene.Look().reason.empty() == false);
  scene.seen[web].health = {kube::HealthState::kDegraded, "crash loop"};
  const Observation seen = scene.Look();
  CHECK(seen.reason == "Deployment shop/web: crash loop");
  CHECK(seen.health == Status::DEGRADED);
}

TEST_CASE("surplus is drift until it was asked to go, and again when it is gone") {
  Scene scene;
  const kube::ObjectId old{"", "ConfigMap", "shop", "old"};
  scene.entries[old] = {.id = old, .state = State::kApplied, .uid = "u2"};
  scene.seen[old] = {.exists = true, .uid = "u2"};
  CHECK(scene.Look().drift.size() == 1);
  scene.entries[old].state = State::kDeleting;
  CHECK(scene.Look().drift.empty());
  scene.seen.erase(old);
  CHECK(scene.Look().drift.size() == 1);
}

TEST_CASE("what is annotated to be kept is no drift") {
  Scene scene;
  const kube::ObjectId old{"", "ConfigMap", "shop", "old"};
  scene.entries[old] = {.id = old, .state = State::kApplied, .uid = "u2", .options = "Prune=false"};
  CHECK(scene.Look().drift.empty());
}

TEST_CASE("a plan with kinds that nobody knows deletes nothing") {
  Scene scene;
  const kube::ObjectId old{"", "ConfigMap", "shop", "old"};
  scene.entries[old] = {.id = old, .state = State::kApplied, .uid = "u2"};
  scene.plan.scopes_known = false;
  CHECK(PruneOf(scene.plan, scene.entries).prune.empty());
}

TEST_CASE("a stage that must be healthy names what it waits for") {
  Scene scene;
  sync::Stage stage{.await = sync::Await::kHealthy, .members = {0}};
  CHECK(UnreadyOf(scene.plan, stage, scene.View()).what.empty());
  scene.seen[kApi].health = {kube::HealthState::kProgressing, "1 of 3 updated"};
  CHECK(UnreadyOf(scene.plan, stage, scene.View()).what == "Deployment shop/api: 1 of 3 updated");
  stage.await = sync::Await::kApplied;
  CHECK(UnreadyOf(scene.plan, stage, scene.View()).what.empty());
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
