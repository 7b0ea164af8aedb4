#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/store/sync_store.h"

// Apps in environments: numbers, pins, and what is applied. Functions within the caller's
// transaction.
namespace slipway::gitops::environments {

// The columns of `app_environments e`, for a SELECT. Names that deployments have too, with other
// values, begin with "e_".
#define SLIPWAY_ENVIRONMENT_COLUMNS                                                       \
  "e.project, e.app, e.environment, e.app_uid, e.last_number, e.removed, e.pinned_by, "   \
  "e.applied_commit, e.applied_tree, e.applied_from, e.health, e.drift, e.url AS e_url, " \
  "e.cluster AS "                                                                         \
  "e_cluster, e.k8s_namespace AS e_k8s_namespace, e.ignored, " SLIPWAY_SYNC_COLUMNS

EnvironmentState FromRow(const db::Row& row);

// Takes the next number of a deployment and locks the row until the end of the transaction. An app
// of the same name with another uid starts afresh, but its numbers go on.
absl::StatusOr<EnvironmentState> TakeNumber(db::Tx& tx, const AppEnvironment& where,
                                            const std::string& app_uid);

absl::StatusOr<std::optional<EnvironmentState>> Get(db::Tx& tx, const AppEnvironment& where);
absl::StatusOr<std::vector<EnvironmentState>> ListAll(db::Tx& tx);
// Those of `names` that there are, in any order.
absl::StatusOr<std::vector<EnvironmentState>> ListThese(db::Tx& tx,
                                                        const std::vector<AppEnvironment>& names);
// Those of which something is on a cluster, or is being applied to it.
absl::StatusOr<std::vector<AppEnvironment>> ListOn(db::Tx& tx, const std::string& cluster);

// What was applied, and where it can be reached.
struct AppliedState {
  std::string commit = {};
  std::string tree = {};  // empty: nothing is applied
  std::string from = {};  // repository and branch
  std::string url = {};
  std::string cluster = "local";
  std::string k8s_namespace = {};
  IgnoredFields ignored = {};
};
absl::Status SetApplied(db::Tx& tx, const AppEnvironment& where, const AppliedState& applied);
// Returns whether something changed.
absl::StatusOr<bool> SetHealth(db::Tx& tx, const AppEnvironment& where, Health health,
                               const std::string& drift);
// The workload is gone, or will be: nothing is applied and nothing pinned any more.
absl::Status SetRemoved(db::Tx& tx, const AppEnvironment& where);

// Holds the environment against all images that are known now, on behalf of deployment `number`.
absl::Status Pin(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid,
                 int64_t number);
absl::Status Unpin(db::Tx& tx, const AppEnvironment& where);
// The order up to which images of workflow and ref are held back; empty where none of them was
// known.
absl::StatusOr<std::optional<int64_t>> PinFloor(db::Tx& tx, const AppEnvironment& where,
                                                const std::string& workflow,
                                                const std::string& ref);

}  // namespace slipway::gitops::environments
