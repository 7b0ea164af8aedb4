#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "services/runner/spool/build_link.h"
#include "services/runner/spool/log_spool.h"

namespace slipway::runner {

// Brings what one job has to say to the build service: steps, log and result, in order, again and
// again until each is acknowledged. The log and the result also lie in the job's folder, from which
// a later process goes on. Chunks grow by what came while the one before was under way: the first
// byte goes at once, a flood in large pieces. Owned by the job's slot; all functions are
// thread-safe.
class Courier {
 public:
  // A new job, or one that an earlier process has left in `folder`. `on_lost` is called once, on
  // the courier's thread, when the build service says that the job is no longer ours.
  static absl::StatusOr<std::unique_ptr<Courier>> Start(BuildLink& link, build::v1::LeaseKey key,
                                                        const std::string& folder,
                                                        std::function<void()> on_lost);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Called on one thread. Appends masked output of a step, or with an empty `step` a line of the
  // runner's own; returns the size of the log after it.
  int64_t Append(std::string_view masked, const std::string& step);
  int64_t log_size() const;
  // A step's new state; a later one of the same step replaces it while it waits.
  void Report(const build::v1::Step& step);
  // The last thing to say: kept on disk, then sent after the whole log.
  void Complete(build::v1::CompleteJobRequest result);
  // Says nothing more.
  void Drop();

  // Waits until everything was acknowledged or the job is lost; false when `stop` or the time-out
  // came before.
  bool WaitDelivered(const std::stop_token& stop, absl::Duration timeout);

  // Whether the build service could not be reached the last time.
  bool ServiceAway() const { return away_; }

  // Name of the result's file in a job's folder.
  static constexpr char kResultFile[] = "result";
  static constexpr char kLogFile[] = "log";

 private:
  Courier(BuildLink& link, build::v1::LeaseKey key, std::string folder,
          std::unique_ptr<LogSpool> spool, int64_t log_size, std::function<void()> on_lost);

  void Work(const std::stop_token& stop);
  // One call to the build service, for the most urgent thing; OK if there was nothing or it was
  // acknowledged.
  absl::Status SendNext();
  absl::Status SendSteps();
  absl::Status SendLog();
  absl::Status SendResult();

  BuildLink& link_;
  const build::v1::LeaseKey key_;
  const std::string folder_;
  const std::unique_ptr<LogSpool> spool_;
  const std::function<void()> on_lost_;

  bool output_lost_ = false;  // the disk was full; touched by Append only
  std::atomic<bool> away_ = false;

  mutable Mutex mu_;
  std::condition_variable_any wake_;
  std::condition_variable_any delivered_changed_;
  int64_t log_size_ SLIPWAY_GUARDED_BY(mu_);
  int64_t acknowledged_ SLIPWAY_GUARDED_BY(mu_) = 0;
  // The step that wrote last, and where the output of steps begins: before that no piece is said to
  // be of a step.
  std::string log_step_ SLIPWAY_GUARDED_BY(mu_);
  int64_t steps_from_ SLIPWAY_GUARDED_BY(mu_) = std::numeric_limits<int64_t>::max();
  std::map<std::string, build::v1::Step> steps_ SLIPWAY_GUARDED_BY(mu_);
  std::optional<build::v1::CompleteJobRequest> result_ SLIPWAY_GUARDED_BY(mu_);
  bool delivered_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool lost_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::jthread thread_;
};

}  // namespace slipway::runner
