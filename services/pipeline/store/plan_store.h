#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/db.h"

// Compiled Plans.
namespace slipway::pipeline::store {

struct PlanRow {
  std::string digest;
  std::string workflow;
  std::string plan;  // serialised
};
// Stores Plans; those whose digest is there already stay as they are. The transaction must write
// nothing else: its commit does not wait for the disk.
absl::Status InsertPlans(db::Tx& tx, const std::vector<PlanRow>& plans);

// Deletes at most `limit` Plans older than `before`; returns how many.
absl::StatusOr<int64_t> PrunePlans(db::Tx& tx, absl::Time before, int limit);

}  // namespace slipway::pipeline::store
