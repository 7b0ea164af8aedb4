#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/build/domain/run_aggregate.h"

namespace slipway::build {

struct DueWork {
  int64_t id = 0;
  WorkItem item = {};
  int tries = 0;
};

// Takes work that is due: nobody else gets it within `hold`.
absl::StatusOr<std::vector<DueWork>> TakeWork(db::Tx& tx, int limit, absl::Duration hold);
absl::Status WorkDone(db::Tx& tx, int64_t id);
// Due again after `delay`; the error is kept for people.
absl::Status WorkFailed(db::Tx& tx, int64_t id, const std::string& error, absl::Duration delay);
// Gives back what was taken and not tried: due at once, for anybody.
absl::Status ReturnWork(db::Tx& tx, int64_t id);

}  // namespace slipway::build
