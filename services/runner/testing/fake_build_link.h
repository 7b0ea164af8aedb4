#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "services/runner/spool/build_link.h"

namespace slipway::runner {

// A build service in memory, for tests: keeps logs by offset, steps and results, and can be away or
// refuse. Thread-safe.
class FakeBuildLink final : public BuildLink {
 public:
  absl::StatusOr<build::v1::HeartbeatResponse> Heartbeat(
      const build::v1::HeartbeatRequest&) override {
    return build::v1::HeartbeatResponse();
  }
  absl::Status ReportSteps(const build::v1::ReportStepsRequest& request) override {
    MutexLock lock(mu_);
    if (!answer_.ok()) return answer_;
    for (const build::v1::Step& step : request.steps()) {
      history_.push_back(step.name() + " " + build::v1::State_Name(step.state()));
    }
    changed_.notify_all();
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> AppendLog(const build::v1::AppendLogRequest& request) override {
    MutexLock lock(mu_);
    ++appends_;
    if (!answer_.ok()) return answer_;
    log_steps_.push_back(request.step());
    const auto size = static_cast<int64_t>(log_.size());
    if (request.offset() > size) return absl::OutOfRangeError("gap");
    const auto known = static_cast<size_t>(size - request.offset());
    if (known < request.data().size()) log_ += request.data().substr(known);
    largest_chunk_ = std::max(largest_chunk_, request.data().size());
    changed_.notify_all();
    return static_cast<int64_t>(log_.size());
  }
  absl::Status CompleteJob(const build::v1::CompleteJobRequest& request) override {
    MutexLock lock(mu_);
    if (!answer_.ok()) return answer_;
    if (request.log_size() > static_cast<int64_t>(log_.size())) return absl::OutOfRangeError("gap");
    results_.push_back(request);
    changed_.notify_all();
    return absl::OkStatus();
  }

  // From now on every call gets this answer.
  void Answer(absl::Status status) {
    MutexLock lock(mu_);
    answer_ = std::move(status);
  }
  // Forgets the end of the log, as after a crash that lost what was not durable.
  void ForgetLog(size_t keep) {
    MutexLock lock(mu_);
    log_.resize(std::min(keep, log_.size()));
  }
  std::string Log() {
    MutexLock lock(mu_);
    return log_;
  }
  std::vector<std::string> History() {
    MutexLock lock(mu_);
    return history_;
  }
  // The step that each piece of the log was said to be of.
  std::vector<std::string> LogSteps() {
    MutexLock lock(mu_);
    return log_steps_;
  }
  size_t LargestChunk() {
    MutexLock lock(mu_);
    return largest_chunk_;
  }
  int Appends() {
    MutexLock lock(mu_);
    return appends_;
  }
  // Waits at most 20 s.
  bool WaitForLog(const std::string& text) {
    std::unique_lock<Mutex> lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return log_.find(text) != std::string::npos; });
  }
  // The n-th result, counted from 1; an empty one after 60 s.
  build::v1::CompleteJobRequest WaitForResult(size_t n = 1) {
    std::unique_lock<Mutex> lock(mu_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return results_.size() >= n; });
    return results_.size() >= n ? results_[n - 1] : build::v1::CompleteJobRequest();
  }

 private:
  Mutex mu_;
  std::condition_variable changed_;
  absl::Status answer_ SLIPWAY_GUARDED_BY(mu_);
  std::string log_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> log_steps_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> history_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<build::v1::CompleteJobRequest> results_ SLIPWAY_GUARDED_BY(mu_);
  size_t largest_chunk_ SLIPWAY_GUARDED_BY(mu_) = 0;
  int appends_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::runner
