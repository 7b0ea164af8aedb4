#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/names.h"

// Work that follows from events and has to call others: candidates, promotions, removals. A row is
// done in one transaction with its effect, so a process that dies does it again. Functions within
// the caller's transaction.
namespace slipway::gitops::work {

// An image that may be for an environment.
struct Candidate {
  int64_t id = 0;
  std::string image_name = {};
  AppEnvironment where = {};
  std::string app_uid = {};
  int attempts = 0;
};
// Once for each image and environment.
absl::Status AddCandidate(db::Tx& tx, const std::string& image_name, const AppEnvironment& where,
                          const std::string& app_uid);
absl::StatusOr<std::vector<Candidate>> DueCandidates(db::Tx& tx, int limit);
absl::Status FinishCandidate(db::Tx& tx, int64_t id);
absl::Status PostponeCandidate(db::Tx& tx, int64_t id, absl::Duration delay);

// A deployment that became healthy.
struct Promotion {
  int64_t deployment_id = 0;
  int attempts = 0;
};
absl::Status AddPromotion(db::Tx& tx, int64_t deployment_id);
absl::StatusOr<std::vector<Promotion>> DuePromotions(db::Tx& tx, int limit);
absl::Status FinishPromotion(db::Tx& tx, int64_t deployment_id);
absl::Status PostponePromotion(db::Tx& tx, int64_t deployment_id, absl::Duration delay);

// A workload that has to go: of one environment, or of a whole app (empty environment).
struct Removal {
  std::string name = {};  // what is confirmed to pipeline
  std::string app_uid = {};
  AppEnvironment where = {};
  int attempts = 0;
};
absl::Status AddRemoval(db::Tx& tx, const Removal& removal);
absl::StatusOr<std::vector<Removal>> DueRemovals(db::Tx& tx, int limit);
absl::Status FinishRemoval(db::Tx& tx, const std::string& name);
// Deletes the history of an app that is gone: one that gets its name later does not inherit it.
// Numbers of deployments go on.
absl::Status ForgetApp(db::Tx& tx, const std::string& app_uid);
absl::Status PostponeRemoval(db::Tx& tx, const std::string& name, const std::string& reason,
                             absl::Duration delay);
// Whether the workload of an environment is being removed.
absl::StatusOr<bool> IsBeingRemoved(db::Tx& tx, const AppEnvironment& where,
                                    const std::string& app_uid);

}  // namespace slipway::gitops::work
