#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/telemetry/metrics.h"
#include "services/runner/job/job_executor.h"
#include "services/runner/spool/build_link.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::runner {

// The jobs that run now, each on a thread of its own with a folder of its own below `jobs_folder`,
// which goes when the build service has acknowledged the result. Owned by App; thread-safe.
class JobSlots {
 public:
  JobSlots(const JobTools& tools, BuildLink& link, telemetry::Metrics& metrics,
           std::string jobs_folder)
      : tools_(tools), link_(link), metrics_(metrics), jobs_folder_(std::move(jobs_folder)) {}
  // Ends all jobs without a word to the build service, which will run them again.
  ~JobSlots();
  JobSlots(const JobSlots&) = delete;
  JobSlots& operator=(const JobSlots&) = delete;

  // Delivers the results that an earlier process left, and removes what else it left. Called once,
  // before the first lease. Waits as long as the build service is away; gives up on a result that
  // it does not take within a minute though it is there.
  void DeliverLeftovers(const std::stop_token& stop);

  // Starts a job. A lease that is held already is passed over; an older one of the same job ends.
  void Start(build::v1::Lease lease);
  // Ends a job within a second and reports it as cancelled.
  void Cancel(const build::v1::LeaseKey& key, const std::string& reason);
  // Ends a job within a second and reports nothing more: it is somebody else's.
  void Lose(const build::v1::LeaseKey& key);

  // All jobs held, also those whose result is not yet acknowledged.
  std::vector<build::v1::LeaseKey> Held() const;
  // Waits until Held may be other than empty, or `stop`.
  bool WaitForJobs(const std::stop_token& stop);

 private:
  struct Job {
    build::v1::Lease lease;
    std::string folder;
    std::stop_source stop;
    std::string cancel_reason SLIPWAY_GUARDED_BY(mu_);
    bool lost SLIPWAY_GUARDED_BY(mu_) = false;
    bool done SLIPWAY_GUARDED_BY(mu_) = false;
    Courier* courier SLIPWAY_GUARDED_BY(mu_) = nullptr;
    std::thread thread;
  };

  void Run(Job& job);
  // False when the result could not be delivered before a stop: it stays for the next process.
  bool Execute(Job& job, Courier& courier);
  // Tells the build service that the job did not start here, so that it runs again at once.
  void GiveBack(const Job& job);
  void LoseLocked(Job& job);
  // Joins the threads of jobs that are done.
  void Reap();

  const JobTools& tools_;
  BuildLink& link_;
  telemetry::Metrics& metrics_;
  const std::string jobs_folder_;
  std::stop_source stopping_;

  mutable Mutex mu_;
  std::condition_variable_any changed_;
  std::list<Job> jobs_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::runner
