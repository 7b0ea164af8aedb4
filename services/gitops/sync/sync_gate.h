#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/gitops/sync/retry.h"
#include "services/gitops/sync/windows.h"

namespace slipway::gitops::sync {

// Why a write to a cluster is wanted.
enum class Cause {
  kCommit,   // the desired state is another one than what was applied
  kDrift,    // what runs was changed by somebody
  kRestart,  // what ran has ended by itself, and nobody else starts it
};

// What stands against a write.
enum class Hold { kNone, kSuspended, kWindow, kSelfHealOff, kBackOff };

// What is known when a write is wanted. A value.
struct GateFacts {
  std::string name = {};  // "hello/prod", as a person types it
  absl::Time now = {};
  Cause cause = Cause::kCommit;
  bool by_hand = false;           // a person asked for this sync
  std::string suspended_by = {};  // "user:ann"; empty: not suspended
  absl::Time suspended_at = {};
  // Those that the app is meant by (WindowsOf). Not known: nothing is allowed.
  std::optional<std::vector<SyncWindow>> windows = std::vector<SyncWindow>();
  std::string windows_problem = {};  // why they are not known
  // When the sync under way began, if it did: a window with sync_overrun lets it end.
  std::optional<absl::Time> began = {};
  bool self_heal = true;
  std::string revision = {};  // what would be applied, as `retry` names it
  RetryState retry = {};
};

// Whether to write now. A value.
struct SyncGate {
  Hold hold = Hold::kNone;
  std::string reason = {};  // for people, with the remedy where there is one
  // When the answer may be another one without anybody doing something.
  absl::Time until = absl::InfinitePast();
  bool open() const { return hold == Hold::kNone; }
};

// Whether a write is allowed now: nothing while suspended, whoever asks; then the windows, but for
// a restart; then drift only where self-heal is on; then the back-off after a failure, which ends
// with a newer revision (and whoever takes a person's wish forgets it). The first that stands
// against it is named.
SyncGate Decide(const GateFacts& facts);

}  // namespace slipway::gitops::sync
