#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/deployment.h"

// Apps in environments: numbers, pins, and what is applied. Functions within the caller's
// transaction.
namespace slipway::gitops::environments {

// Takes the next number of a deployment and locks the row until the end of the transaction. An app
// of the same name with another uid starts afresh, but its numbers go on.
absl::StatusOr<EnvironmentState> TakeNumber(db::Tx& tx, const AppEnvironment& where,
                                            const std::string& app_uid);

absl::StatusOr<std::optional<EnvironmentState>> Get(db::Tx& tx, const AppEnvironment& where);
absl::StatusOr<std::vector<EnvironmentState>> ListAll(db::Tx& tx);
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
