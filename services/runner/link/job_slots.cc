#include "services/runner/link/job_slots.h"

#include <filesystem>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/log/log.h"
#include "libs/telemetry/trace_context.h"
#include "services/runner/job/job_variables.h"

namespace slipway::runner {
namespace {

constexpr absl::Duration kLeftoverPatience = absl::Minutes(1);

bool Same(const build::v1::LeaseKey& a, const build::v1::LeaseKey& b) {
  return a.job() == b.job() && a.fence() == b.fence();
}

void RemoveFolder(const std::string& folder) {
  const absl::Status removed = RemoveAll(folder);
  if (!removed.ok()) {
    log::Warn("job.folder_stays", "a job's folder can't be removed: remove it by hand",
              {{"folder", folder}, {"error", MessageOf(removed)}});
  }
}

}  // namespace

JobSlots::~JobSlots() {
  stopping_.request_stop();
  {
    MutexLock lock(mu_);
    for (Job& job : jobs_) LoseLocked(job);
  }
  for (Job& job : jobs_) job.thread.join();
}

void JobSlots::DeliverLeftovers(const std::stop_token& stop) {
  std::error_code error;
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(jobs_folder_, error))
    folders.push_back(entry.path().string());
  for (const std::string& folder : folders) {
    const absl::StatusOr<std::string> text = ReadFile(folder + "/" + Courier::kResultFile);
    build::v1::CompleteJobRequest result;
    if (text.ok() && result.ParseFromString(*text)) {
      const build::v1::LeaseKey key = result.key();
      log::Info("job.redelivered", "the result of an earlier process is sent again",
                {{"job", key.job()}});
      auto courier = Courier::Start(link_, key, folder, [] {});
      if (courier.ok()) {
        (*courier)->Complete(std::move(result));
        // While the service is away there is nothing better to do: no lease can come either.
        while (!(*courier)->WaitDelivered(stop, kLeftoverPatience) && (*courier)->ServiceAway() &&
               !stop.stop_requested()) {
        }
      }
      if (stop.stop_requested()) return;
    }
    // Takes over the control group of that name, and with it goes what a killed process left there.
    const JobCgroup left(tools_.sandbox.cgroups(), CgroupName(folder), tools_.limits);
    RemoveFolder(folder);
  }
}

void JobSlots::Start(build::v1::Lease lease) {
  Reap();
  MutexLock lock(mu_);
  for (Job& job : jobs_) {
    if (job.done || job.lease.key().job() != lease.key().job()) continue;
    if (job.lease.key().fence() >= lease.key().fence()) return;
    LoseLocked(job);
  }
  Job& job = jobs_.emplace_back();
  job.folder = jobs_folder_ + "/" + FolderName(lease.key());
  job.lease = std::move(lease);
  job.thread = std::thread([this, &job] { Run(job); });
  changed_.notify_all();
}

void JobSlots::Run(Job& job) {
  const telemetry::TraceContext trace =
      telemetry::TraceContext::ParseOrNew(job.lease.traceparent()).Child();
  const log::Scope scope({trace.trace_id, trace.span_id, {}, {}});
  const absl::Time start = absl::Now();
  log::Info("job.started", job.lease.key().job(),
            {{"attempt", job.lease.attempt()}, {"fence", job.lease.key().fence()}});
  absl::Status made = MakeDirectories(job.folder);
  auto courier = made.ok() ? Courier::Start(link_, job.lease.key(), job.folder,
                                            [this, &job] { Lose(job.lease.key()); })
                           : absl::StatusOr<std::unique_ptr<Courier>>(made);
  bool over = true;
  if (courier.ok()) {
    {
      MutexLock lock(mu_);
      job.courier = courier->get();
      if (job.lost) (*courier)->Drop();
    }
    over = Execute(job, **courier);
    {
      MutexLock lock(mu_);
      job.courier = nullptr;
    }
    courier->reset();
  } else {
    log::Error("job.failed_to_start", "a job has no folder: make room on the disk",
               {{"folder", job.folder}, {"error", MessageOf(courier.status())}});
    GiveBack(job);
  }
  if (over) RemoveFolder(job.folder);
  log::Info("job.ended", job.lease.key().job(),
            {{"ms", absl::ToInt64Milliseconds(absl::Now() - start)}});
  MutexLock lock(mu_);
  job.done = true;
  changed_.notify_all();
}

bool JobSlots::Execute(Job& job, Courier& courier) {
  JobExecutor executor(tools_, job.lease, job.folder, courier);
  build::v1::CompleteJobRequest result = executor.Run(job.stop.get_token());
  {
    MutexLock lock(mu_);
    if (job.lost) return true;
    if (result.state() == build::v1::State::CANCELLED && !job.cancel_reason.empty())
      result.set_reason(job.cancel_reason);
  }
  metrics_.Count("slipway_runner_jobs_total", "Jobs that ended, by state.",
                 {{"state", build::v1::State_Name(result.state())}});
  log::Info("job.completed", result.reason(), {{"state", build::v1::State_Name(result.state())}});
  courier.Complete(std::move(result));
  return courier.WaitDelivered(stopping_.get_token(), absl::InfiniteDuration());
}

void JobSlots::GiveBack(const Job& job) {
  build::v1::CompleteJobRequest back;
  *back.mutable_key() = job.lease.key();
  back.set_state(build::v1::State::CANCELLED);
  back.set_reason("the runner can't write to its disk");
  const absl::Status told = link_.CompleteJob(back);
  if (!told.ok()) {
    log::Warn("job.give_back_failed", "the job runs again when its lease has ended",
              {{"job", job.lease.key().job()}, {"error", MessageOf(told)}});
  }
}

void JobSlots::Cancel(const build::v1::LeaseKey& key, const std::string& reason) {
  MutexLock lock(mu_);
  for (Job& job : jobs_) {
    if (!Same(job.lease.key(), key)) continue;
    if (job.cancel_reason.empty()) job.cancel_reason = reason;
    job.stop.request_stop();
  }
}

void JobSlots::Lose(const build::v1::LeaseKey& key) {
  MutexLock lock(mu_);
  for (Job& job : jobs_) {
    if (Same(job.lease.key(), key)) LoseLocked(job);
  }
}

void JobSlots::LoseLocked(Job& job) {
  job.lost = true;
  job.stop.request_stop();
  if (job.courier != nullptr) job.courier->Drop();
}

std::vector<build::v1::LeaseKey> JobSlots::Held() const {
  MutexLock lock(mu_);
  std::vector<build::v1::LeaseKey> keys;
  for (const Job& job : jobs_) {
    if (!job.done && !job.lost) keys.push_back(job.lease.key());
  }
  return keys;
}

bool JobSlots::WaitForJobs(const std::stop_token& stop) {
  std::unique_lock<Mutex> lock(mu_);
  return changed_.wait(lock, stop, [this] {
    for (const Job& job : jobs_) {
      if (!job.done && !job.lost) return true;
    }
    return false;
  });
}

void JobSlots::Reap() {
  std::list<Job> done;
  {
    MutexLock lock(mu_);
    for (auto it = jobs_.begin(); it != jobs_.end();) {
      const auto next = std::next(it);
      if (it->done) done.splice(done.end(), jobs_, it);
      it = next;
    }
  }
  for (Job& job : done) job.thread.join();
}

}  // namespace slipway::runner
