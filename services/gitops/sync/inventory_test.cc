#include "services/gitops/sync/inventory.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

kube::ObjectId Id(const std::string& name, const std::string& kind = "ConfigMap") {
  const bool cluster = kind == "Namespace";
  return {"", kind, cluster ? "" : "shop", name};
}

kube::Object Live(const std::string& name, const std::string& uid, boost::json::object notes = {}) {
  return kube::Object(boost::json::object{
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata",
       {{"name", name}, {"namespace", "shop"}, {"uid", uid}, {"annotations", std::move(notes)}}}});
}

Inventory Applied(size_t count) {
  Inventory inventory;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = "c" + std::to_string(i);
    RecordApplied(inventory, Live(name, "u" + std::to_string(i)), "hash");
  }
  return inventory;
}

// A request through which everything may go.
PruneRequest Open(std::vector<kube::ObjectId> desired = {Id("c0")}) {
  PruneRequest request;
  request.render_complete = true;
  request.all_applied = true;
  request.desired = std::move(desired);
  request.app = "api/prod";
  return request;
}

TEST_CASE("Before the first write the inventory has what was and what shall be") {
  Inventory inventory = Applied(2);
  inventory[Id("c1")].state = EntryState::kDeleting;
  const Inventory next = WriteAhead(inventory, {Id("c1"), Id("new")});
  CHECK(next.size() == 3);
  CHECK(next.at(Id("c0")).state == EntryState::kApplied);
  CHECK(next.at(Id("c1")).state == EntryState::kPending);
  CHECK(next.at(Id("c1")).uid == "u1");
  CHECK(next.at(Id("new")).state == EntryState::kPending);
  CHECK(WriteAhead(next, {Id("c1"), Id("new")}).size() == 3);
}

TEST_CASE("An entry leaves on proof only") {
  for (const Proof proof : {Proof::kNotFound, Proof::kDeletedEvent, Proof::kOtherUid}) {
    Inventory inventory = Applied(1);
    CHECK(RecordGone(inventory, Id("c0"), proof, false));
    CHECK(inventory.empty());
  }
  Inventory inventory = Applied(1);
  CHECK_FALSE(RecordGone(inventory, Id("c0"), Proof::kNone, false));
  CHECK(inventory.size() == 1);
  // Still wanted: it is to be created again.
  CHECK_FALSE(RecordGone(inventory, Id("c0"), Proof::kNotFound, true));
  CHECK(inventory.at(Id("c0")).state == EntryState::kPending);
  CHECK(inventory.at(Id("c0")).uid.empty());
  CHECK_FALSE(RecordGone(inventory, Id("unknown"), Proof::kNotFound, false));
}

TEST_CASE("The surplus may go when the gate is open") {
  const PruneDecision decision = DecidePrune(Applied(3), Open());
  CHECK(decision.closed.empty());
  CHECK(decision.prune == std::vector<kube::ObjectId>{Id("c1"), Id("c2")});
  CHECK(DecidePrune(Applied(1), Open()).prune.empty());
}

TEST_CASE("The gate is closed with its reason") {
  PruneRequest request = Open();
  std::string reason;
  SECTION("a failed render") {
    request.render_complete = false;
    request.render_error = "no such chart";
    reason = "the render failed: no such chart";
  }
  SECTION("a render that nobody vouches for") {
    request.render_complete = false;
    reason = "the render of this revision is not known to be complete";
  }
  SECTION("an apply that failed") {
    request.all_applied = false;
    reason = "not everything of this revision is applied";
  }
  SECTION("a closed window") {
    request.window_open = false;
    request.window_reason = "denied by window night";
    reason = "denied by window night";
  }
  SECTION("an empty render") {
    request.desired.clear();
    reason = "the render is empty, and this app does not allow to delete everything";
  }
  // A person's confirmation opens none of these.
  for (const bool confirmed : {false, true}) {
    request.confirmed = confirmed;
    const PruneDecision decision = DecidePrune(Applied(3), request);
    CHECK(decision.closed == reason);
    CHECK_FALSE(decision.confirmable);
    CHECK(decision.prune.empty());
  }
}

TEST_CASE("An empty render may take everything where the app allows it") {
  PruneRequest request = Open({});
  request.allow_empty = true;
  CHECK(DecidePrune(Applied(3), request).prune.size() == 3);
}

TEST_CASE("More than ten and more than half wait for confirmation") {
  const auto keep = [](size_t count) {
    std::vector<kube::ObjectId> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(Id("c" + std::to_string(i)));
    return ids;
  };
  CHECK(DecidePrune(Applied(11), Open(keep(1))).prune.size() == 10);
  CHECK(DecidePrune(Applied(40), Open(keep(20))).prune.size() == 20);
  const PruneDecision held = DecidePrune(Applied(40), Open(keep(19)));
  CHECK(held.closed == "it would delete 21 objects of 40, which waits for confirmation");
  CHECK(held.confirmable);
  CHECK(held.prune.empty());
  PruneRequest request = Open(keep(19));
  request.confirmed = true;
  CHECK(DecidePrune(Applied(40), request).prune.size() == 21);
}

TEST_CASE("What takes more with it than itself waits for confirmation") {
  Inventory inventory = Applied(1);
  const std::vector<kube::ObjectId> ids = {
      Id("shop", "Namespace"),
      Id("data", "PersistentVolumeClaim"),
      {"", "PersistentVolume", "", "disk"},
      {"apiextensions.k8s.io", "CustomResourceDefinition", "", "w.example.com"}};
  inventory = WriteAhead(inventory, ids);
  const PruneDecision decision = DecidePrune(inventory, Open());
  CHECK(decision.prune.empty());
  REQUIRE(decision.held.size() == 4);
  CHECK(decision.held[0].confirmable);
  PruneRequest request = Open();
  request.confirmed = true;
  CHECK(DecidePrune(inventory, request).prune.size() == 4);
}

TEST_CASE("What is being deleted goes on without being confirmed again, and counts no more") {
  Inventory inventory = WriteAhead(Applied(40), {Id("shop", "Namespace")});
  inventory.at(Id("shop", "Namespace")).state = EntryState::kDeleting;
  for (int i = 1; i < 40; ++i)
    inventory.at(Id("c" + std::to_string(i))).state = EntryState::kDeleting;
  CHECK(DecidePrune(inventory, Open()).prune.size() == 40);
  PruneRequest empty = Open({});
  const PruneDecision decision = DecidePrune(inventory, empty);
  CHECK_FALSE(decision.closed.empty());
  CHECK(decision.prune.size() == 40);  // all but the last, which was not let through before
}

TEST_CASE("Annotations of the object on the cluster decide, since Git has it no more") {
  constexpr char kOptions[] = "argocd.argoproj.io/sync-options";
  Inventory inventory;
  RecordApplied(inventory, Live("kept", "1", {{kOptions, "Prune=false"}}), "h");
  RecordApplied(inventory, Live("asked", "2", {{kOptions, "Prune=confirm,PruneLast=true"}}), "h");
  RecordApplied(inventory, Live("free", "3"), "h");
  PruneRequest request = Open({Id("x")});
  PruneDecision decision = DecidePrune(inventory, request);
  CHECK(decision.prune == std::vector<kube::ObjectId>{Id("free")});
  REQUIRE(decision.held.size() == 2);
  CHECK(decision.held[0].confirmable);
  CHECK(decision.held[1].reason == "it is annotated not to be pruned");
  CHECK(inventory.at(Id("asked")).prune_last);
  request.confirmed = true;
  CHECK(DecidePrune(inventory, request).prune.size() == 2);
  request.prune_enabled = false;
  decision = DecidePrune(inventory, request);
  CHECK(decision.prune.empty());
  CHECK(decision.held[0].reason == "pruning is off for this app");
}

TEST_CASE("What another app owns by now is not deleted") {
  PruneRequest request = Open();
  request.owner = [](const kube::ObjectId& id) {
    return id.name == "c1" ? std::string("web/prod") : std::string("api/prod");
  };
  const PruneDecision decision = DecidePrune(Applied(3), request);
  CHECK(decision.prune == std::vector<kube::ObjectId>{Id("c2")});
  CHECK(decision.not_ours == std::vector<kube::ObjectId>{Id("c1")});
}

TEST_CASE("A delete is for the very object that was applied") {
  const InventoryEntry entry = Applied(1).at(Id("c0"));
  const auto mark = [](const std::string& app, const std::string& name) {
    return boost::json::object{{kTrackingAnnotation, TrackingId(app, Id(name))}};
  };
  const auto check = [&](const InventoryEntry& recorded, const kube::Object& live) {
    return CheckDelete(Id("c0"), recorded, live, "api/prod");
  };
  CHECK(check(entry, Live("c0", "u0")).allowed);
  CHECK(check(entry, Live("c0", "u0", mark("api/prod", "c0"))).uid == "u0");
  const DeleteCheck other = check(entry, Live("c0", "u9"));
  CHECK_FALSE(other.allowed);
  CHECK(other.proof == Proof::kOtherUid);
  CHECK(check(entry, Live("c0", "u0", mark("web/prod", "c0"))).reason ==
        "ConfigMap shop/c0 is marked as an object of web/prod");
  // A mark that was copied from another object says nothing.
  CHECK(check(entry, Live("c0", "u0", mark("web/prod", "c1"))).allowed);
  CHECK_FALSE(check(entry, Live("c0", "")).allowed);

  // Written ahead, but the answer never came.
  CHECK(check({}, Live("c0", "u0", mark("api/prod", "c0"))).allowed);
  CHECK_FALSE(check({}, Live("c0", "u0")).allowed);
  CHECK_FALSE(check({}, Live("c0", "u0", mark("api/prod", "c1"))).allowed);
}

TEST_CASE("Two apps don't own one object, and a moved one changes hands") {
  const auto owner = [](const kube::ObjectId& id) -> std::string {
    if (id.name == "mine") return "api/prod";
    return id.name == "free" ? "" : "web/prod";
  };
  const auto still = [](const std::string&, const kube::ObjectId& id) {
    return id.name == "theirs";
  };
  const std::vector<kube::ObjectId> desired = {Id("mine"), Id("free"), Id("theirs"), Id("moved")};
  Claim claim = ClaimObjects("api/prod", desired, owner, still, false);
  CHECK(claim.take == std::vector<kube::ObjectId>{Id("free"), Id("moved")});
  REQUIRE(claim.conflicts.size() == 1);
  CHECK(claim.conflicts[0].id == Id("theirs"));
  CHECK(claim.conflicts[0].owner == "web/prod");
  claim = ClaimObjects("api/prod", desired, owner, still, true);
  CHECK(claim.conflicts.empty());
  CHECK(claim.take.size() == 3);
}

TEST_CASE("An object that changed hands is known to its new owner before that applied it") {
  const kube::ObjectId id{"apps", "Deployment", "shop", "api"};
  const auto marked = [&](const std::string& app) {
    return kube::Object({{"apiVersion", "apps/v1"},
                         {"kind", "Deployment"},
                         {"metadata",
                          {{"namespace", "shop"},
                           {"name", "api"},
                           {"uid", "u1"},
                           {"annotations", {{kTrackingAnnotation, TrackingId(app, id)}}}}}});
  };
  Inventory one, two, three;
  RecordApplied(one, marked("shop/one"), "hash");
  TakeOver(two, one, "shop/one", id);
  CHECK(one.empty());
  REQUIRE(two.contains(id));
  CHECK(two.at(id).state == EntryState::kPending);
  CHECK(two.at(id).uid == "u1");
  CHECK(CheckDelete(id, two.at(id), marked("shop/one"), "shop/two").allowed);
  CHECK_FALSE(CheckDelete(id, two.at(id), marked("shop/four"), "shop/two").allowed);
  // Handed on without having been applied, it still carries the first one's mark.
  TakeOver(three, two, "shop/two", id);
  CHECK(CheckDelete(id, three.at(id), marked("shop/one"), "shop/three").allowed);
  // Once applied the old mark is another's.
  RecordApplied(three, marked("shop/three"), "hash");
  CHECK(CheckDelete(id, three.at(id), marked("shop/three"), "shop/three").allowed);
  CHECK_FALSE(CheckDelete(id, three.at(id), marked("shop/one"), "shop/three").allowed);
  TakeOver(one, two, "shop/two", id);
  CHECK(one.empty());
}

TEST_CASE("What others deleted and a lost apply made anew is still known by its mark") {
  const kube::ObjectId id{"", "ConfigMap", "shop", "c"};
  const auto live = [&](const char* uid, const std::string& app) {
    return kube::Object({{"apiVersion", "v1"},
                         {"kind", "ConfigMap"},
                         {"metadata",
                          {{"namespace", "shop"},
                           {"name", "c"},
                           {"uid", uid},
                           {"annotations", {{kTrackingAnnotation, TrackingId(app, id)}}}}}});
  };
  Inventory inventory = WriteAhead({}, {id});
  RecordApplied(inventory, live("u1", "shop/one"), "hash");
  // Nothing is in flight: another uid is another object, whatever its mark says.
  CHECK(CheckDelete(id, inventory.at(id), live("u2", "shop/one"), "shop/one").proof ==
        Proof::kOtherUid);
  inventory = WriteAhead(std::move(inventory), {id});
  const DeleteCheck check = CheckDelete(id, inventory.at(id), live("u2", "shop/one"), "shop/one");
  CHECK(check.allowed);
  CHECK(check.uid == "u2");
  CHECK(CheckDelete(id, inventory.at(id), live("u2", "shop/two"), "shop/one").proof ==
        Proof::kOtherUid);
}

}  // namespace
}  // namespace slipway::gitops::sync
