#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/journal/record.h"
#include "services/build/domain/records.h"

namespace slipway::build {

// An effect outside the database, carried out after the commit until it succeeds.
struct WorkItem {
  std::string kind = {};     // "release_tag", "archive_log", "delete_log", "confirm_deletion"
  std::string subject = {};  // what it is done for
  std::string detail = {};   // what the kind needs to know
};

// A run with all its jobs, as they change together. Every change of state in this service goes
// through one of the verbs below, which check it against the table of transitions, keep run, jobs
// and steps consistent, and collect what has to be recorded with it. Knows no database and no
// clock: the store loads it under a lock and saves it in the same transaction. Not thread-safe.
class RunAggregate {
 public:
  RunAggregate(RunRecord run, std::vector<JobRecord> jobs)
      : run_(std::move(run)), jobs_(std::move(jobs)), job_changed_(jobs_.size(), false) {}

  const RunRecord& run() const { return run_; }
  const std::vector<JobRecord>& jobs() const { return jobs_; }
  // Index of a job by name or id; -1 if it is not there.
  int FindJob(std::string_view name) const;
  int FindJobById(int64_t id) const;
  JobOfRun Get(int job) const { return {run_, jobs_[job]}; }

  // The run is new: records it and what it waits for.
  void Created();
  // A runner takes a pending job under the next fencing token.
  void Lease(int job, const std::string& runner, const std::string& session, absl::Time now);
  // The lease did not reach its runner, which never knew of it: the same attempt waits again.
  void TakeBack(int job, const std::string& reason);
  // A pending job can't be leased yet.
  void Postpone(int job, const std::string& reason);
  // The runner is lost. `why` is a sentence ("runner local was lost"). The next attempt waits;
  // after `max_attempts` the job has failed; a job that was being cancelled is cancelled.
  void Lose(int job, const std::string& why, int max_attempts, absl::Time now);
  // The runner shows that it knows of its lease.
  void Acknowledge(int job);
  void ReportSteps(int job, const std::vector<v1::Step>& steps);
  // The first byte of the job's log has arrived.
  void FirstLog(int job);
  // The job ends; what follows for the other jobs and the run is done too. A job that was being
  // cancelled ends CANCELLED.
  void EndJob(int job, v1::State state, const std::string& reason, absl::Time now);
  // What the job reported to have built and pushed.
  void Built(int job, const v1::BuiltImage& image);
  // Pending jobs end at once; running ones are asked to. `by` is an actor.
  void Cancel(const std::string& by, const std::string& reason, absl::Time now);
  // The tag that pipeline reserved, or the default one.
  void SetImageTag(const std::string& tag) {
    run_.image_tag = tag;
    run_changed_ = true;
  }
  // The run has ended, but its tag was reserved later: it is released once more.
  void ReleaseTagAgain() {
    work_.push_back({"release_tag", run_.name.ToString(), run_.tag_used ? "used" : ""});
  }
  void Archive() {
    run_.archived = true;
    run_changed_ = true;
  }

  // For the store: what changed, and what is to be written with it.
  bool run_changed() const { return run_changed_; }
  bool job_changed(int job) const { return job_changed_[job]; }
  // The run reached its end by one of the changes.
  bool ended() const { return ended_; }
  const std::vector<journal::Record>& facts() const { return facts_; }
  const std::vector<WorkItem>& work() const { return work_; }

 private:
  JobRecord& Touch(int job);
  void SetJobState(int job, v1::State state, const std::string& reason);
  void SetRunState(v1::State state, const std::string& reason);
  // Makes jobs ready or skipped, and ends the run when none is left.
  void Advance(absl::Time now);
  void EndRun(v1::State state, const std::string& reason, absl::Time now);
  journal::Record& Fact(const std::string& event, journal::Verdict verdict,
                        const std::string& message);
  journal::Record& JobFact(int job, const std::string& event, journal::Verdict verdict,
                           const std::string& message);

  RunRecord run_;
  std::vector<JobRecord> jobs_;
  std::vector<bool> job_changed_;
  bool run_changed_ = false;
  bool ended_ = false;
  std::vector<journal::Record> facts_;
  std::vector<WorkItem> work_;
};

}  // namespace slipway::build
