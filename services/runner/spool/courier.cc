#include "services/runner/spool/courier.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/runner/spool/back_off.h"

namespace slipway::runner {
namespace {

constexpr size_t kMaxChunk = 128 << 10;
constexpr std::string_view kOutputLost =
    "\n[slipway] output is missing here: the disk of the runner was full\n";

// The job belongs to somebody else now, or to nobody.
bool IsFinalRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Courier>> Courier::Start(BuildLink& link, build::v1::LeaseKey key,
                                                        const std::string& folder,
                                                        std::function<void()> on_lost) {
  SLIPWAY_ASSIGN_OR_RETURN(std::unique_ptr<LogSpool> spool,
                           LogSpool::Open(folder + "/" + kLogFile));
  SLIPWAY_ASSIGN_OR_RETURN(const int64_t size, spool->Size());
  return std::unique_ptr<Courier>(
      new Courier(link, std::move(key), folder, std::move(spool), size, std::move(on_lost)));
}

Courier::Courier(BuildLink& link, build::v1::LeaseKey key, std::string folder,
                 std::unique_ptr<LogSpool> spool, int64_t log_size, std::function<void()> on_lost)
    : link_(link),
      key_(std::move(key)),
      folder_(std::move(folder)),
      spool_(std::move(spool)),
      on_lost_(std::move(on_lost)),
      log_size_(log_size),
      thread_([this](const std::stop_token& stop) { Work(stop); }) {}

Courier::~Courier() = default;

int64_t Courier::Append(std::string_view masked, const std::string& step) {
  absl::Status appended = absl::OkStatus();
  int64_t added = 0;
  if (output_lost_) {
    appended = spool_->Append(kOutputLost);
    if (appended.ok()) added = static_cast<int64_t>(kOutputLost.size());
  }
  if (appended.ok()) {
    output_lost_ = false;
    appended = spool_->Append(masked);
    if (appended.ok()) added += static_cast<int64_t>(masked.size());
  }
  if (!appended.ok() && !std::exchange(output_lost_, true)) {
    log::Error("job.log_spool",
               "output of a job is lost: make room on the disk of the runner's data folder",
               {{"job", key_.job()}, {"error", MessageOf(appended)}});
  }
  MutexLock lock(mu_);
  if (appended.ok() && !step.empty()) {
    steps_from_ = std::min(steps_from_, log_size_);
    log_step_ = step;
  }
  log_size_ += added;
  wake_.notify_one();
  return log_size_;
}

int64_t Courier::log_size() const {
  MutexLock lock(mu_);
  return log_size_;
}

void Courier::Report(const build::v1::Step& step) {
  MutexLock lock(mu_);
  steps_[step.name()] = step;
  wake_.notify_one();
}

void Courier::Complete(build::v1::CompleteJobRequest result) {
  const absl::Status kept =
      WriteFileAtomic(folder_ + "/" + kResultFile, result.SerializeAsString());
  if (!kept.ok())
    log::Error("job.result", "the result is not kept on disk", {{"error", MessageOf(kept)}});
  MutexLock lock(mu_);
  result_ = std::move(result);
  wake_.notify_one();
}

void Courier::Drop() {
  MutexLock lock(mu_);
  lost_ = true;
  wake_.notify_one();
  delivered_changed_.notify_all();
}

bool Courier::WaitDelivered(const std::stop_token& stop, absl::Duration timeout) {
  std::unique_lock<Mutex> lock(mu_);
  const auto over = [this] { return delivered_ || lost_; };
  if (timeout == absl::InfiniteDuration()) return delivered_changed_.wait(lock, stop, over);
  return delivered_changed_.wait_for(lock, stop, absl::ToChronoMilliseconds(timeout), over);
}

void Courier::Work(const std::stop_token& stop) {
  BackOff back_off;
  while (!stop.stop_requested()) {
    {
      std::unique_lock<Mutex> lock(mu_);
      const bool work = wake_.wait(lock, stop, [this] {
        return lost_ || !steps_.empty() || acknowledged_ < log_size_ || (result_ && !delivered_);
      });
      if (!work || lost_) return;
    }
    const absl::Status sent = SendNext();
    away_ = absl::IsUnavailable(sent) || absl::IsDeadlineExceeded(sent);
    if (sent.ok()) {
      back_off.Reset();
      continue;
    }
    if (IsFinalRefusal(sent)) {
      log::Warn("job.lost", "the build service no longer takes reports of this job",
                {{"job", key_.job()}, {"error", MessageOf(sent)}});
      Drop();
      on_lost_();
      return;
    }
    std::unique_lock<Mutex> lock(mu_);
    wake_.wait_for(lock, stop, absl::ToChronoMilliseconds(back_off.Next()),
                   [this] { return lost_; });
  }
}

absl::Status Courier::SendNext() {
  bool steps, log;
  {
    MutexLock lock(mu_);
    steps = !steps_.empty();
    log = acknowledged_ < log_size_;
  }
  if (steps) return SendSteps();
  if (log) return SendLog();
  return SendResult();
}

absl::Status Courier::SendSteps() {
  build::v1::ReportStepsRequest request;
  *request.mutable_key() = key_;
  std::map<std::string, build::v1::Step> taken;
  {
    MutexLock lock(mu_);
    taken.swap(steps_);
  }
  for (const auto& [name, step] : taken) *request.add_steps() = step;
  absl::Status sent = link_.ReportSteps(request);
  if (!sent.ok()) {
    MutexLock lock(mu_);
    steps_.merge(taken);  // what was said meanwhile is newer and stays
  }
  return sent;
}

absl::Status Courier::SendLog() {
  build::v1::AppendLogRequest request;
  *request.mutable_key() = key_;
  int64_t size;
  {
    MutexLock lock(mu_);
    request.set_offset(acknowledged_);
    size = std::min(log_size_, acknowledged_ + static_cast<int64_t>(kMaxChunk));
    if (size > steps_from_) request.set_step(log_step_);
  }
  const auto wanted = static_cast<size_t>(size - request.offset());
  SLIPWAY_ASSIGN_OR_RETURN(*request.mutable_data(), spool_->Read(request.offset(), wanted));
  if (request.data().empty()) return absl::DataLossError("the log on the runner's disk was cut");
  const absl::StatusOr<int64_t> stored = link_.AppendLog(request);
  MutexLock lock(mu_);
  if (absl::IsOutOfRange(stored.status())) {
    // The service lost what it had not yet made durable: from the start, it passes over what it
    // has.
    acknowledged_ = 0;
    return absl::OutOfRangeError("the log is sent again");
  }
  if (!stored.ok()) return stored.status();
  acknowledged_ = std::min(*stored, log_size_);
  return absl::OkStatus();
}

absl::Status Courier::SendResult() {
  build::v1::CompleteJobRequest request;
  {
    MutexLock lock(mu_);
    request = *result_;
  }
  const absl::Status sent = link_.CompleteJob(request);
  MutexLock lock(mu_);
  if (absl::IsOutOfRange(sent)) {
    acknowledged_ = 0;
    return absl::OutOfRangeError("the log is sent again");
  }
  if (!sent.ok()) return sent;
  delivered_ = true;
  delivered_changed_.notify_all();
  return absl::OkStatus();
}

}  // namespace slipway::runner
