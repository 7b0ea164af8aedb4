#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "services/build/logs/log_store.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::build {

// What runners report about the jobs that they hold. Every report is checked against the runner
// that calls and the fencing token: PERMISSION_DENIED for a job of another runner, ABORTED for a
// holding that is over. Owned by App; thread-safe.
class Reports {
 public:
  Reports(Core& core, LogStore& logs) : core_(core), logs_(logs) {}

  // Renews leases; gives those that are lost. A runner that still holds a job that is being
  // cancelled is told so again.
  absl::StatusOr<std::vector<v1::LeaseKey>> Heartbeat(const std::string& runner,
                                                      const v1::HeartbeatRequest& request,
                                                      absl::Time deadline);
  absl::Status ReportSteps(const std::string& runner, const v1::ReportStepsRequest& request,
                           absl::Time deadline);
  // The place to go on from.
  absl::StatusOr<int64_t> AppendLog(const std::string& runner, const v1::AppendLogRequest& request,
                                    absl::Time deadline);
  absl::Status CompleteJob(const std::string& runner, const v1::CompleteJobRequest& request,
                           absl::Time deadline);

 private:
  // The job behind a key that `runner` holds, or held until it completed.
  absl::StatusOr<JobOfRun> Held(const std::string& runner, const v1::LeaseKey& key,
                                absl::Time deadline);
  absl::StatusOr<std::vector<int64_t>> Extend(const std::string& runner, const std::string& session,
                                              const std::vector<JobOfRun>& held,
                                              absl::Time deadline);
  void RepeatCancel(const JobOfRun& job);
  absl::Status Acknowledge(const JobOfRun& held, absl::Time deadline);

  Core& core_;
  LogStore& logs_;
};

// Bytes in one AppendLog at most.
inline constexpr size_t kMaxLogPiece = 131072;

// Whether `runner` may report about `job` under `fence`. ABORTED and PERMISSION_DENIED as above. OK
// also for a job that has ended under this holding.
absl::Status CheckHolding(const JobOfRun& job, const std::string& runner, int64_t fence);

}  // namespace slipway::build
