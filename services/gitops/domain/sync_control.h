#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/gitops/sync/retry.h"
#include "services/gitops/sync/sync_gate.h"

namespace slipway::gitops {

// What the gate said to the write that was wanted last. A value.
struct HoldNote {
  sync::Hold hold = sync::Hold::kNone;
  std::string reason = {};
  absl::Time until = absl::InfiniteFuture();
  bool operator==(const HoldNote&) const = default;
};

// What people said about syncing an app in an environment, and how it stands. A value.
struct SyncControl {
  std::string suspended_by = {};  // "user:ann"; empty: not suspended
  absl::Time suspended_at = {};
  std::string asked_by = {};  // who wants a sync now; empty: nobody
  absl::Time asked_at = {};
  bool asked_prune = false;  // and confirms what the sync deletes
  sync::RetryState retry = {};
  HoldNote held = {};
};

}  // namespace slipway::gitops
