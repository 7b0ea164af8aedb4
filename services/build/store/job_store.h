#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/build/domain/records.h"

namespace slipway::build {

// Jobs across runs: what can be leased, what is leased, what is overdue.

struct ReadyJob {
  int64_t job_id = 0;
  int64_t run_id = 0;
};
// Jobs that may be leased now, the oldest first.
absl::StatusOr<std::vector<ReadyJob>> ReadyJobs(db::Tx& tx, int limit);

// A job is not offered before `delay` has passed.
absl::Status DelayJob(db::Tx& tx, int64_t job_id, absl::Duration delay);

// Extends the leases that `runner` holds in `session` by `lease` from now. Gives the ids of the
// jobs that it really holds, under the fences given.
struct Holding {
  int64_t job_id = 0;
  int64_t fence = 0;
};
absl::StatusOr<std::vector<int64_t>> ExtendLeases(db::Tx& tx, const std::string& runner,
                                                  const std::string& session,
                                                  const std::vector<Holding>& holdings,
                                                  absl::Duration lease);
// All leases last at least `lease` from now: for the time after this service or its database was
// away.
absl::Status ExtendAllLeases(db::Tx& tx, absl::Duration lease);

// Runs that have a job whose lease has ended; ones that have a job over its time by `margin`.
absl::StatusOr<std::vector<int64_t>> RunsWithExpiredLeases(db::Tx& tx);
absl::StatusOr<std::vector<int64_t>> RunsWithOverdueJobs(db::Tx& tx, absl::Duration margin);
// Whether the lease of a job has ended, and whether it is over its time.
absl::StatusOr<std::vector<int64_t>> ExpiredJobsOfRun(db::Tx& tx, int64_t run_id);
absl::StatusOr<std::vector<int64_t>> OverdueJobsOfRun(db::Tx& tx, int64_t run_id,
                                                      absl::Duration margin);

// Runs with a job that `runner` holds in another session; in this session.
absl::StatusOr<std::vector<int64_t>> RunsHeldByOlderSessions(db::Tx& tx, const std::string& runner,
                                                             const std::string& session);
absl::StatusOr<std::vector<JobOfRun>> JobsHeldBySession(db::Tx& tx, const std::string& runner,
                                                        const std::string& session);

// Jobs that wait for a runner, and for how long the oldest has.
struct QueueState {
  int64_t waiting = 0;
  absl::Duration oldest = absl::ZeroDuration();
};
absl::StatusOr<QueueState> Queue(db::Tx& tx);

}  // namespace slipway::build
