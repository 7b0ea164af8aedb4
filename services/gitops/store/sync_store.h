#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/sync_control.h"

// What people said about syncing an app in an environment, how failed tries stand, and what the
// gate said last. In the row of the environment; functions within the caller's transaction.
namespace slipway::gitops::syncs {

// The columns of app_environments, for a SELECT.
#define SLIPWAY_SYNC_COLUMNS                                                                 \
  "suspended_by, suspended_at, sync_asked_by, sync_asked_at, sync_asked_prune, "             \
  "sync_revision, sync_failures, sync_next, sync_hold, sync_hold_reason, sync_hold_until"

SyncControl FromRow(const db::Row& row);

// Makes the row if there is none yet: an app may be suspended before its first deployment.
absl::Status EnsureRow(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid);
// Each returns whether that changed something.
absl::StatusOr<bool> Suspend(db::Tx& tx, const AppEnvironment& where, const std::string& actor);
absl::StatusOr<bool> Resume(db::Tx& tx, const AppEnvironment& where);
// Forgets failed tries, too. A later wish takes the place of an earlier one. `prune` confirms what
// the sync deletes.
absl::Status Ask(db::Tx& tx, const AppEnvironment& where, const std::string& actor, bool prune);
// The wish was granted or can't be; one that came later stays.
absl::Status Answered(db::Tx& tx, const AppEnvironment& where, absl::Time asked_at);
absl::Status SetRetry(db::Tx& tx, const AppEnvironment& where, const sync::RetryState& retry);
// What waits for its next try is tried at once; what was given up stays so.
absl::Status Hasten(db::Tx& tx, const AppEnvironment& where);
absl::Status SetHold(db::Tx& tx, const AppEnvironment& where, const HoldNote& note);

// A definition as it was read last from pipeline: a serialized spec by the resource's name.
absl::Status SetDefinition(db::Tx& tx, const std::string& name, const std::string& spec);
absl::StatusOr<std::optional<std::string>> GetDefinition(db::Tx& tx, const std::string& name);

}  // namespace slipway::gitops::syncs
