#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/build/domain/records.h"

namespace slipway::build {

// ALREADY_EXISTS for a name that is taken.
absl::StatusOr<RunnerRecord> InsertRunner(db::Tx& tx, const RunnerRecord& runner);
absl::StatusOr<RunnerRecord> GetRunner(db::Tx& tx, const std::string& name);
// By name, after `after`.
absl::StatusOr<std::vector<RunnerRecord>> ListRunners(db::Tx& tx, const std::string& after,
                                                      int limit);
absl::StatusOr<RunnerRecord> UpdateRunner(db::Tx& tx, const RunnerRecord& runner);
absl::Status DeleteRunner(db::Tx& tx, const std::string& name);

// A process of the runner connects; the row is made if there is none.
absl::StatusOr<RunnerRecord> RunnerConnected(db::Tx& tx, const std::string& name,
                                             const std::string& session, int slots,
                                             const std::string& version);
// The runners were heard of: written at most once in ten seconds, and at once when the clock was set
// back since.
absl::Status RunnersSeen(db::Tx& tx, const std::vector<std::string>& names);

}  // namespace slipway::build
