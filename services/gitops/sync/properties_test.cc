// Random histories of two apps on one cluster, with faults at every step: what must hold whatever
// happens. The seeds are fixed; a failure names its seed and step.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "services/gitops/sync/inventory.h"
#include "services/gitops/sync/stages.h"

namespace slipway::gitops::sync {
namespace {

using Ids = std::vector<kube::ObjectId>;

// An object on the cluster, who created it and who applied it last: an app, or somebody else ("").
struct LiveObject {
  kube::Object body = {};
  std::string creator = {};
  std::string maker = {};
};

// What is stored about an app.
struct App {
  Inventory inventory = {};
  Ids desired = {};        // in Git now
  Ids last_complete = {};  // of the newest complete render
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (const char* kind : {"ConfigMap", "Deployment", "Namespace"}) {
      for (int i = 0; i < 12; ++i) pool_.push_back(IdOf(kind, i));
    }
  }

  void Step() {
    const std::string app = Chance(2) ? "shop/one" : "shop/two";
    switch (Roll(6)) {
      case 0:
        Commit(app);
        break;
      case 1:
        Meddle();
        break;
      default:
        Sync(app, /*faults=*/true);
    }
    CheckTracked();
  }

  // Without faults, and with a person who confirms, everything ends as Git says.
  void Settle() {
    for (int i = 0; i < 4; ++i) {
      for (const char* app : {"shop/one", "shop/two"}) Sync(app, /*faults=*/false);
      CheckTracked();
    }
    for (auto& [name, app] : apps_) {
      for (const kube::ObjectId& id : app.desired) {
        INFO(name << " " << kube::Describe(id));
        CHECK(live_.contains(id));
      }
      for (const auto& [id, entry] : app.inventory) {
        INFO(name << " " << kube::Describe(id));
        CHECK((Wants(app, id) || entry.prune == Consent::kNo));
      }
    }
    for (const auto& [id, object] : live_) {
      if (object.creator.empty()) continue;
      INFO(kube::Describe(id) << " of " << object.maker);
      const bool wanted = Wants(apps_["shop/one"], id) || Wants(apps_["shop/two"], id);
      CHECK((wanted || OptionsOf(object.body).prune == Consent::kNo));
    }
  }

  size_t deletes() const { return deletes_; }

 private:
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<uint64_t>(sides)); }
  bool Chance(int in) { return Roll(in) == 0; }

  static kube::ObjectId IdOf(const char* kind, int i) {
    const bool scoped = std::string_view(kind) != "Namespace";
    return {std::string_view(kind) == "Deployment" ? "apps" : "", kind, scoped ? "shop" : "",
            "o" + std::to_string(i)};
  }

  static bool Wants(const App& app, const kube::ObjectId& id) {
    return std::find(app.desired.begin(), app.desired.end(), id) != app.desired.end();
  }

  std::string Owner(const kube::ObjectId& id) const {
    const auto found = owners_.find(id);
    return found == owners_.end() ? "" : found->second;
  }

  kube::Object Make(const kube::ObjectId& id, const std::string& app) {
    boost::json::object annotations;
    if (!app.empty()) annotations[kTrackingAnnotation] = TrackingId(app, id);
    if (Chance(10)) annotations["argocd.argoproj.io/sync-options"] = "Prune=false";
    boost::json::object metadata = {
        {"name", id.name}, {"uid", "u" + std::to_string(++uids_)}, {"annotations", annotations}};
    if (!id.ns.empty()) metadata["namespace"] = id.ns;
    return kube::Object({{"apiVersion", id.group.empty() ? "v1" : id.group + "/v1"},
                         {"kind", id.kind},
                         {"metadata", metadata}});
  }

  void Commit(const std::string& name) {
    App& app = apps_[name];
    app.desired.clear();
    const int size = Chance(8) ? 0 : Roll(20);
    std::set<kube::ObjectId> chosen;
    for (int i = 0; i < size; ++i) chosen.insert(pool_[static_cast<size_t>(Roll(36))]);
    // Both apps' wishes overlap now and then.
    for (const kube::ObjectId& id : chosen) {
      if (Chance(6) || !Wants(apps_[name == "shop/one" ? "shop/two" : "shop/one"], id)) {
        app.desired.push_back(id);
      }
    }
  }

  // Somebody else deletes or replaces an object, or copies one with all its annotations.
  void Meddle() {
    const kube::ObjectId id = pool_[static_cast<size_t>(Roll(36))];
    if (Chance(2)) {
      live_.erase(id);
    } else {
      live_[id] = {Make(id, ""), "", ""};
      if (Chance(2)) {
        live_[id].body.body()["metadata"].as_object()["annotations"] = {
            {kTrackingAnnotation, TrackingId("shop/one", IdOf("ConfigMap", 99))}};
      }
    }
  }

  void Sync(const std::string& name, bool faults) {
    App& app = apps_[name];
    const bool rendered = !faults || !Chance(5);
    if (rendered) {
      app.last_complete = app.desired;
    } else if (Chance(2)) {
      return;  // a render that fails ends the sync before anything else
    }
    const auto still_desired = [&](const std::string& other, const kube::ObjectId& id) {
      const Ids& ids = apps_[other].last_complete;
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    // A failed render of which the caller still has half: only what is certain may be written.
    Ids wanted = app.desired;
    if (!rendered && !wanted.empty()) wanted.resize(static_cast<size_t>(Roll(20)) % wanted.size());
    const Claim claim = ClaimObjects(
        name, wanted, [&](const auto& id) { return Owner(id); }, still_desired, false);
    for (const OwnershipConflict& conflict : claim.conflicts) {
      CHECK(conflict.owner != name);
      if (faults) return;  // refused as a whole
      apps_[name].desired.erase(std::remove(app.desired.begin(), app.desired.end(), conflict.id),
                                app.desired.end());
    }
    if (!claim.conflicts.empty()) return Sync(name, faults);
    for (const kube::ObjectId& id : claim.take) {
      const std::string before = Owner(id);
      if (!before.empty()) TakeOver(app.inventory, apps_[before].inventory, before, id);
      owners_[id] = name;
    }
    const Inventory before = app.inventory;
    app.inventory = WriteAhead(std::move(app.inventory), wanted);
    for (const auto& [id, entry] : before) REQUIRE(app.inventory.contains(id));
    if (faults && Chance(10)) return;  // killed after the write-ahead

    bool all_applied = true;
    for (const kube::ObjectId& id : wanted) {
      if (faults && Chance(12)) return;  // killed
      if (faults && Chance(12)) {
        all_applied = false;  // refused
        continue;
      }
      Apply(name, id);
      if (faults && Chance(20)) return;  // killed before the answer came
      RecordApplied(app.inventory, live_[id].body, "hash");
    }
    Prune(name, rendered, all_applied, faults);
  }

  void Apply(const std::string& name, const kube::ObjectId& id) {
    const auto found = live_.find(id);
    if (found == live_.end()) {
      live_[id] = {Make(id, name), name, name};
      return;
    }
    // An apply takes an object over that is there, and keeps its uid.
    found->second.maker = name;
    found->second.body.body()["metadata"]
        .as_object()["annotations"]
        .as_object()[kTrackingAnnotation] = TrackingId(name, id);
  }

  void Prune(const std::string& name, bool rendered, bool all_applied, bool faults) {
    App& app = apps_[name];
    PruneRequest request;
    request.render_complete = rendered;
    request.render_error = rendered ? "" : "broken";
    request.all_applied = all_applied;
    request.allow_empty = !faults || Chance(4);
    request.window_open = !faults || !Chance(4);
    request.confirmed = !faults || Chance(3);
    request.prune_enabled = !faults || !Chance(6);
    request.desired = app.desired;
    request.owner = [&](const kube::ObjectId& id) { return Owner(id); };
    request.app = name;
    const PruneDecision decision = DecidePrune(app.inventory, request);
    CheckGate(app, request, decision);
    for (const kube::ObjectId& id : decision.not_ours) app.inventory.erase(id);

    std::vector<PruneItem> items;
    for (const kube::ObjectId& id : decision.prune) items.push_back({id, 0, false});
    for (const auto& stage : OrderPrune(items)) {
      for (const size_t i : stage) Delete(name, items[i].id, faults);
    }
  }

  void CheckGate(const App& app, const PruneRequest& request, const PruneDecision& decision) {
    if (decision.prune.empty()) return;
    CHECK(request.render_complete);
    CHECK(request.all_applied);
    CHECK(request.window_open);
    CHECK(request.prune_enabled);
    // What is being deleted already was let through before.
    std::vector<kube::ObjectId> begun = decision.prune;
    std::erase_if(begun, [&](const kube::ObjectId& id) {
      return app.inventory.at(id).state == EntryState::kDeleting;
    });
    CHECK((begun.empty() || !request.desired.empty() || request.allow_empty));
    if (!request.confirmed) {
      CHECK(begun.size() <= std::max<size_t>(10, app.inventory.size() / 2));
    }
    for (const kube::ObjectId& id : begun) {
      if (!request.confirmed) CHECK(id.kind != "Namespace");
    }
    for (const kube::ObjectId& id : decision.prune) {
      CHECK_FALSE(Wants(app, id));
      CHECK(app.inventory.at(id).prune != Consent::kNo);
      CHECK((Owner(id).empty() || Owner(id) == request.app));
    }
  }

  void Delete(const std::string& name, const kube::ObjectId& id, bool faults) {
    App& app = apps_[name];
    InventoryEntry& entry = app.inventory.at(id);
    entry.state = EntryState::kDeleting;
    const auto found = live_.find(id);
    if (found == live_.end()) {
      Gone(name, id, Proof::kNotFound);
      return;
    }
    const DeleteCheck check = CheckDelete(id, entry, found->second.body, name);
    if (!check.allowed) {
      if (check.proof != Proof::kNone) Gone(name, id, check.proof);
      return;
    }
    CHECK(check.uid == found->second.body.uid());
    if (faults && Chance(4)) {
      CHECK_FALSE(RecordGone(app.inventory, id, Proof::kNone, false));  // denied, or no answer
      return;
    }
    // The one thing that must never happen: what another made goes, unless it was handed over.
    INFO(kube::Describe(id) << " made by \"" << found->second.maker << "\"");
    CHECK((found->second.maker == name ||
           (!found->second.maker.empty() && found->second.maker == entry.taken_from)));
    live_.erase(found);
    ++deletes_;
    if (faults && Chance(4)) return;  // killed before the answer: it stays in the inventory
    Gone(name, id, Proof::kDeletedEvent);
  }

  void Gone(const std::string& name, const kube::ObjectId& id, Proof proof) {
    CHECK(RecordGone(apps_[name].inventory, id, proof, false));
    if (Owner(id) == name) owners_.erase(id);
  }

  // Nothing that an app created is out of sight: it is in an inventory. What somebody else put
  // under the same name may be left, also when an apply reached it and its answer was lost.
  void CheckTracked() {
    for (const auto& [id, object] : live_) {
      if (object.creator.empty()) continue;
      INFO(kube::Describe(id) << " of " << object.maker);
      const bool tracked =
          apps_["shop/one"].inventory.contains(id) || apps_["shop/two"].inventory.contains(id);
      CHECK(tracked);
    }
  }

  std::mt19937_64 random_;
  Ids pool_;
  std::map<kube::ObjectId, LiveObject> live_;
  std::map<kube::ObjectId, std::string> owners_;
  std::map<std::string, App> apps_;
  uint64_t uids_ = 0;
  size_t deletes_ = 0;
};

TEST_CASE(
    "Whatever fails on the way, nothing foreign goes, nothing is lost from sight, and it ends") {
  size_t deletes = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    World world(seed);
    for (int step = 0; step < 80; ++step) {
      INFO("step " << step);
      world.Step();
    }
    world.Settle();
    deletes += world.deletes();
  }
  CHECK(deletes > 500);  // the histories are not empty ones
}

// Objects with random waves and hooks: each phase and wave comes once and in order.
TEST_CASE("Stages come in order, hold every object once a phase, and deleting is a permutation") {
  std::mt19937_64 random(7);
  const auto roll = [&](uint64_t sides) { return random() % sides; };
  for (int round = 0; round < 300; ++round) {
    std::vector<kube::Object> objects;
    std::vector<PruneItem> items;
    const size_t count = roll(30);
    for (size_t i = 0; i < count; ++i) {
      static constexpr const char* kKinds[] = {"v1 Namespace",
                                               "v1 ConfigMap",
                                               "apps/v1 Deployment",
                                               "v1 Pod",
                                               "batch/v1 Job",
                                               "example.com/v1 Widget",
                                               "apiregistration.k8s.io/v1 APIService"};
      const std::string type = kKinds[roll(7)];
      boost::json::object notes;
      if (roll(2) == 0) {
        notes["argocd.argoproj.io/sync-wave"] = std::to_string(static_cast<int>(roll(7)) - 3);
      }
      static constexpr const char* kHooks[] = {"PreSync", "PostSync,PreSync", "Sync", "SyncFail"};
      if (roll(5) == 0) notes["argocd.argoproj.io/hook"] = kHooks[roll(4)];
      boost::json::object metadata = {{"name", "o" + std::to_string(i)}, {"annotations", notes}};
      const bool scoped = type.find("Namespace") == std::string::npos &&
                          type.find("APIService") == std::string::npos;
      if (scoped) metadata["namespace"] = "o" + std::to_string(roll(4));
      objects.emplace_back(boost::json::object{{"apiVersion", type.substr(0, type.find(' '))},
                                               {"kind", type.substr(type.find(' ') + 1)},
                                               {"metadata", metadata}});
      items.push_back({objects.back().id(), static_cast<int>(roll(7)) - 3, roll(6) == 0});
    }
    const SyncOrder order = OrderSync(objects);
    std::map<size_t, size_t> seen;
    std::map<std::string, size_t> namespaces;
    for (size_t s = 0; s < order.stages.size(); ++s) {
      const Stage& stage = order.stages[s];
      CHECK_FALSE(stage.members.empty());
      if (s > 0) {
        CHECK(std::pair(order.stages[s - 1].phase, order.stages[s - 1].wave) <=
              std::pair(stage.phase, stage.wave));
      }
      for (const size_t i : stage.members) {
        ++seen[i];
        const kube::ObjectId id = objects[i].id();
        if (id.kind == "Namespace" && !RoleOf(objects[i]).hook) namespaces[id.name] = s;
      }
    }
    for (size_t s = 0; s < order.stages.size(); ++s) {
      for (const size_t i : order.stages[s].members) {
        const auto found = namespaces.find(objects[i].id().ns);
        if (found != namespaces.end()) CHECK(found->second < s);
      }
    }
    for (size_t i = 0; i < count; ++i) {
      const Role role = RoleOf(objects[i]);
      const bool fail =
          std::find(role.phases.begin(), role.phases.end(), Phase::kSyncFail) != role.phases.end();
      CHECK(seen[i] == role.phases.size() - (fail ? 1 : 0));
    }

    std::set<size_t> deleted;
    std::set<std::string> gone;
    for (const auto& stage : OrderPrune(items)) {
      for (const size_t i : stage) {
        CHECK(deleted.insert(i).second);
        CHECK_FALSE(gone.contains(items[i].id.ns));
      }
      for (const size_t i : stage) {
        if (items[i].id.kind == "Namespace") gone.insert(items[i].id.name);
      }
    }
    CHECK(deleted.size() == count);
  }
}

}  // namespace
}  // namespace slipway::gitops::sync
