#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "libs/events/outbox.h"
#include "services/build/domain/records.h"
#include "services/build/domain/run_aggregate.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::build {

// Runs and jobs in the database. Functions take the transaction of the use case that calls them.

// A run to insert. Number, id and order (where it is 0) are filled in.
struct NewRunRecord {
  std::string idempotency_key = {};
  RunRecord run = {};
  std::vector<JobRecord> jobs = {};
  std::string plan = {};  // serialised
};

struct InsertedRun {
  RunRecord run = {};
  bool existed = false;
};

// Inserts runs, each once for its idempotency key, with numbers in the order given, and records
// them. The result has one entry for each of `runs`.
absl::StatusOr<std::vector<InsertedRun>> InsertRuns(db::Tx& tx, std::vector<NewRunRecord> runs);

// The run that an earlier request with this key made.
absl::StatusOr<std::optional<RunRecord>> FindRunByKey(db::Tx& tx, const std::string& key);

// By name; number 0 is the newest run of the workflow. NOT_FOUND also for a run of an app that is
// gone.
absl::StatusOr<RunRecord> GetRun(db::Tx& tx, const RunName& name);
absl::StatusOr<RunRecord> GetRunById(db::Tx& tx, int64_t id);
// In the order of the Plan.
absl::StatusOr<std::vector<JobRecord>> JobsOfRun(db::Tx& tx, int64_t run_id);
// By name, also where the app is gone: for runners.
absl::StatusOr<JobOfRun> GetJobOfRun(db::Tx& tx, const JobName& name);

absl::StatusOr<plan::v1::Plan> LoadPlan(db::Tx& tx, const std::string& digest);

struct RunFilter {
  WorkflowName parent = {};  // "-" as app or workflow: any
  std::string ref = {};
  v1::State state = v1::STATE_UNSPECIFIED;
  std::string actor = {};
  // Only runs before this place.
  std::optional<std::pair<absl::Time, int64_t>> before = {};
  int limit = 50;
};
// The newest first.
absl::StatusOr<std::vector<RunRecord>> ListRuns(db::Tx& tx, const RunFilter& filter);

// Locks a run with its jobs until the end of the transaction. NOT_FOUND if it is not there.
absl::StatusOr<RunAggregate> LockRun(db::Tx& tx, int64_t run_id);
// The same, but nothing where another transaction has it locked.
absl::StatusOr<std::optional<RunAggregate>> TryLockRun(db::Tx& tx, int64_t run_id);

// Writes what changed, with records, events, images and work rows. `lease` is how long leases taken
// in this transaction last.
absl::Status SaveRun(db::Tx& tx, RunAggregate& run, absl::Duration lease, events::Outbox& outbox);

// Ids of runs of an app that have not ended.
absl::StatusOr<std::vector<int64_t>> ActiveRunsOfApp(db::Tx& tx, const std::string& app_uid);
// Hides runs and images of an app that is gone.
absl::Status ArchiveApp(db::Tx& tx, const std::string& app_uid);

}  // namespace slipway::build
