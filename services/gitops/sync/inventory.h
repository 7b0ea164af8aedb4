#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/kube/object.h"
#include "services/gitops/sync/phases.h"

// What an app has on a cluster, and when something of it may go. All functions are pure; the caller
// stores what they return in one transaction.
namespace slipway::gitops::sync {

enum class EntryState {
  kPending,  // written ahead: may be on the cluster, or not
  kApplied,
  kDeleting,  // to go, not yet proven gone
};

// One object of an app on a cluster. A value.
struct InventoryEntry {
  EntryState state = EntryState::kPending;
  std::string uid = {};          // "": never seen
  std::string render_hash = {};  // of the object as last applied
  // Of the object on the cluster, since what is to be deleted has left Git:
  Consent prune = Consent::kYes;
  bool prune_last = false;
  int wave = 0;
  // An apply was begun whose answer is not recorded: what is there may have another uid and be
  // ours.
  bool in_flight = false;
  // The app that it was taken from, whose mark it carries until it is applied anew; "": none.
  std::string taken_from = {};
};

using Inventory = std::map<kube::ObjectId, InventoryEntry>;

// Before the first write of a sync: what was there and what shall be. New objects are pending;
// what was to be deleted and is wanted again is pending too; all are in flight until RecordApplied.
// Nothing leaves.
Inventory WriteAhead(Inventory inventory, const std::vector<kube::ObjectId>& desired);

// After an apply: what the server's answer said. The live object lends its annotations.
void RecordApplied(Inventory& inventory, const kube::Object& live, const std::string& render_hash);

// What shows that an object of ours is gone.
enum class Proof {
  kNone,          // an accepted delete, an error, silence
  kNotFound,      // GET or DELETE answered 404
  kDeletedEvent,  // the watch said so, of our uid
  kOtherUid,      // the name belongs to another object now
};

// Takes an entry out, on proof only. An entry that the app still desires stays, and is pending.
// False: it stays.
bool RecordGone(Inventory& inventory, const kube::ObjectId& id, Proof proof, bool desired);

// An object changes hands: the entry moves to the new owner as it is, so that also an owner who
// drops it again before applying it knows what it has.
void TakeOver(Inventory& to, Inventory& from, const std::string& from_app,
              const kube::ObjectId& id);

// What is in the inventory and no longer desired.
std::vector<kube::ObjectId> Surplus(const Inventory& inventory,
                                    const std::vector<kube::ObjectId>& desired);

// What is known when an app wants to delete its surplus. A value.
struct PruneRequest {
  bool prune_enabled = true;  // the app's own setting
  bool render_complete =
      false;  // the render of exactly this revision succeeded, with all its parts
  std::string render_error = {};
  bool all_applied = false;  // every apply of this operation succeeded
  bool allow_empty = false;  // an empty render may take everything
  bool window_open = true;
  std::string window_reason = {};
  bool confirmed = false;  // a person confirmed exactly this revision's deletions
  std::vector<kube::ObjectId> desired = {};
  // Who owns an object by the records; another app's are left alone. Empty: nobody.
  std::function<std::string(const kube::ObjectId&)> owner = {};
  std::string app = {};  // this one, as `owner` names it
};

// Objects that are kept though they are surplus, and why.
struct HeldObject {
  kube::ObjectId id = {};
  std::string reason = {};
  bool confirmable = false;  // a person's confirmation lets it go
};

// What may be deleted now. A value.
struct PruneDecision {
  std::vector<kube::ObjectId> prune = {};
  std::vector<HeldObject> held = {};
  std::vector<kube::ObjectId> not_ours = {};  // moved to another app: only leave the inventory
  // Why nothing may go at all, in words; empty: the gate is open.
  std::string closed = {};
  bool confirmable = false;  // a confirmation opens it
};

// The gate. Closed while the render is not known to be complete, an apply failed, everything would
// go, more than half (and more than ten) would go without confirmation, or a window is shut.
// Through an open gate go no namespaces, definitions or volumes without confirmation, nothing that
// is annotated to be kept, nothing that another app owns. What is being deleted already goes on.
PruneDecision DecidePrune(const Inventory& inventory, const PruneRequest& request);

// Whether one object may be deleted, seen on the cluster as it is now; the delete then carries the
// uid as a precondition. Its uid must be the recorded one (an entry whose last apply was never
// confirmed takes the live uid if the object is marked as ours), and its mark must not be another
// app's but the one that it was taken from.
struct DeleteCheck {
  bool allowed = false;
  std::string uid = {};        // precondition
  std::string reason = {};     // why not
  Proof proof = Proof::kNone;  // another object has the name: ours is gone
};
DeleteCheck CheckDelete(const kube::ObjectId& id, const InventoryEntry& entry,
                        const kube::Object& live, const std::string& app);

// The annotation that marks an object as an app's: the app and the object's own identity, so that a
// copy under another name is seen to be none of ours. Never evidence for deleting by itself.
inline constexpr char kTrackingAnnotation[] = "slipway.dev/tracking-id";
std::string TrackingId(const std::string& app, const kube::ObjectId& id);
// The app that an object is marked as; empty: unmarked, or a copy of a marked one.
std::string TrackedApp(const kube::Object& object);

// An object that two apps want.
struct OwnershipConflict {
  kube::ObjectId id = {};
  std::string owner = {};
};

// How an app comes to own what it desires. A value.
struct Claim {
  std::vector<OwnershipConflict> conflicts = {};  // owned by another app that still desires it
  std::vector<kube::ObjectId> take = {};  // free, or left by its owner: the row changes hands
};

// `owner` names the app in whose records an object is ("": none); `still_desired` says whether that
// app's latest complete render has it; `adopt`: take it all the same.
Claim ClaimObjects(
    const std::string& app, const std::vector<kube::ObjectId>& desired,
    const std::function<std::string(const kube::ObjectId&)>& owner,
    const std::function<bool(const std::string&, const kube::ObjectId&)>& still_desired,
    bool adopt);

}  // namespace slipway::gitops::sync
