#include "services/build/domain/run_aggregate.h"

#include "libs/base/check.h"
#include "services/build/domain/progress.h"
#include "services/build/domain/states.h"

namespace slipway::build {

using journal::Record;
using journal::Verdict;

int RunAggregate::FindJob(std::string_view name) const {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int RunAggregate::FindJobById(int64_t id) const {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

void RunAggregate::Created() {
  Record& fact = Fact("run.created", Verdict::kStarted,
                      run_.cause == "push" ? "run created for a push to " + run_.ref
                                           : "run created by " + run_.actor);
  fact.rule = run_.cause;
  fact.values["commit"] = run_.commit;
  fact.values["ref"] = run_.ref;
  fact.values["plan"] = run_.plan_digest;
  fact.values["order"] = std::to_string(run_.order);
  if (!run_.delivery.empty()) fact.related.push_back(run_.delivery);
  if (!run_.retry_of.empty()) fact.related.push_back(run_.retry_of);
}

void RunAggregate::Lease(int job, const std::string& runner, const std::string& session,
                         absl::Time now) {
  SetJobState(job, v1::RUNNING, "");
  JobRecord& row = Touch(job);
  row.fence += 1;
  row.runner = runner;
  row.session = session;
  row.acknowledged = false;
  row.started = now;
  Record& fact = JobFact(job, "job.leased", Verdict::kStarted,
                         "leased by runner " + runner + ", attempt " + std::to_string(row.attempt));
  fact.related.push_back(RunnerName(runner));
  fact.values["fence"] = std::to_string(row.fence);
  fact.values["image_tag"] = run_.image_tag;
  if (run_.state == v1::PENDING) {
    SetRunState(v1::RUNNING, "");
    run_.started = now;
  } else {
    run_.reason.clear();
    run_changed_ = true;
  }
}

void RunAggregate::TakeBack(int job, const std::string& reason) {
  SetJobState(job, v1::PENDING, reason);
  JobRecord& row = Touch(job);
  row.runner.clear();
  row.session.clear();
  row.started.reset();
  JobFact(job, "job.taken_back", Verdict::kWaiting, reason).rule = "lease";
}

void RunAggregate::Postpone(int job, const std::string& reason) {
  if (jobs_[job].reason == reason) return;
  Touch(job).reason = reason;
  JobFact(job, "job.waiting", Verdict::kWaiting, reason);
}

void RunAggregate::Lose(int job, const std::string& why, int max_attempts, absl::Time now) {
  const std::string runner = jobs_[job].runner;
  if (jobs_[job].cancel_requested) {
    EndJob(job, v1::CANCELLED, why, now);
    return;
  }
  if (jobs_[job].attempt >= max_attempts) {
    EndJob(job, v1::FAILED,
           why + " in attempt " + std::to_string(jobs_[job].attempt) + " of " +
               std::to_string(max_attempts) +
               "; look at the runner's log, and retry the run when the runner is well",
           now);
    return;
  }
  const std::string next = std::to_string(jobs_[job].attempt + 1);
  SetJobState(job, v1::PENDING, why + "; attempt " + next + " waits for a runner");
  JobRecord& row = Touch(job);
  row.attempt += 1;
  row.runner.clear();
  row.session.clear();
  row.built_image.reset();
  row.has_log = false;
  ResetSteps(row.steps);
  run_.reason = row.reason;
  run_changed_ = true;
  Record& fact =
      JobFact(job, "job.requeued", Verdict::kWaiting, why + "; attempt " + next + " starts");
  fact.rule = "lease";
  fact.related.push_back(RunnerName(runner));
}

void RunAggregate::Acknowledge(int job) {
  if (jobs_[job].acknowledged) return;
  Touch(job).acknowledged = true;
  JobFact(job, "job.started", Verdict::kNone, "runner " + jobs_[job].runner + " has started")
      .related.push_back(RunnerName(jobs_[job].runner));
}

void RunAggregate::ReportSteps(int job, const std::vector<v1::Step>& steps) {
  std::vector<v1::Step> before = jobs_[job].steps;
  JobRecord& row = Touch(job);
  MergeSteps(row.steps, steps);
  for (size_t i = 0; i < row.steps.size(); ++i) {
    const v1::Step& step = row.steps[i];
    if (step.state() == before[i].state()) continue;
    if (step.state() == v1::RUNNING) {
      JobFact(job, "step.started", Verdict::kNone, "step " + step.name() + " started");
    } else if (IsFinal(step.state())) {
      const bool good = step.state() == v1::SUCCEEDED;
      JobFact(job, "step.ended", good ? Verdict::kDone : Verdict::kFailed,
              "step " + step.name() + " " + StateText(step.state()) +
                  (step.reason().empty() ? "" : ": " + step.reason()));
    } else {
      continue;
    }
    facts_.back().values["step"] = step.name();
    facts_.back().values["stage"] = step.stage();
  }
}

void RunAggregate::FirstLog(int job) {
  if (jobs_[job].has_log) return;
  Touch(job).has_log = true;
  JobFact(job, "job.first_log", Verdict::kNone, "first log line of a step");
}

void RunAggregate::Built(int job, const v1::BuiltImage& image) {
  Touch(job).built_image = image;
  run_.tag_used = true;
  run_changed_ = true;
}

void RunAggregate::EndJob(int job, v1::State state, const std::string& reason, absl::Time now) {
  if (jobs_[job].cancel_requested && jobs_[job].state == v1::RUNNING) {
    SetJobState(job, v1::CANCELLED, jobs_[job].reason);
  } else {
    SetJobState(job, state, reason);
  }
  JobRecord& row = Touch(job);
  row.ended = now;
  CloseSteps(row.steps, row.state, now);
  if (row.fence > 0) {
    work_.push_back({"archive_log", std::to_string(row.id), std::to_string(row.attempt)});
  }
  const bool good = row.state == v1::SUCCEEDED;
  JobFact(job, "job.ended", good ? Verdict::kDone : Verdict::kFailed,
          "job " + row.name + " " + StateText(row.state) +
              (row.reason.empty() ? "" : ": " + row.reason));
  Advance(now);
}

void RunAggregate::Cancel(const std::string& by, const std::string& reason, absl::Time now) {
  Fact("run.cancel", Verdict::kAccepted, reason).rule = by;
  bool running = false;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const int job = static_cast<int>(i);
    if (jobs_[i].state == v1::PENDING) {
      SetJobState(job, v1::CANCELLED, reason);
      Touch(job).ended = now;
      CloseSteps(jobs_[i].steps, v1::CANCELLED, now);
      if (jobs_[i].fence > 0 && jobs_[i].attempt > 1) {
        work_.push_back(
            {"archive_log", std::to_string(jobs_[i].id), std::to_string(jobs_[i].attempt)});
      }
    } else if (jobs_[i].state == v1::RUNNING) {
      running = true;
      JobRecord& row = Touch(job);
      row.cancel_requested = true;
      row.reason = reason;
    }
  }
  if (running) {
    run_.reason = reason + "; its processes are being ended";
    run_changed_ = true;
  }
  Advance(now);
}

JobRecord& RunAggregate::Touch(int job) {
  job_changed_[job] = true;
  run_changed_ = true;  // its version counts every change below it
  return jobs_[job];
}

void RunAggregate::SetJobState(int job, v1::State state, const std::string& reason) {
  SLIPWAY_CHECK(MayChange(Thing::kJob, jobs_[job].state, state));
  JobRecord& row = Touch(job);
  row.state = state;
  row.reason = reason;
}

void RunAggregate::SetRunState(v1::State state, const std::string& reason) {
  SLIPWAY_CHECK(MayChange(Thing::kRun, run_.state, state));
  run_.state = state;
  run_.reason = reason;
  run_changed_ = true;
}

void RunAggregate::Advance(absl::Time now) {
  const Progress progress = ProgressOf(jobs_);
  for (const size_t i : progress.ready) Touch(static_cast<int>(i)).ready = true;
  for (const size_t i : progress.skipped) {
    const int job = static_cast<int>(i);
    SetJobState(job, v1::SKIPPED, "a job that it needs did not succeed");
    JobRecord& row = Touch(job);
    row.ended = now;
    CloseSteps(row.steps, v1::SKIPPED, now);
    JobFact(job, "job.skipped", Verdict::kSkipped, row.reason);
  }
  if (progress.run) EndRun(*progress.run, progress.reason, now);
}

void RunAggregate::EndRun(v1::State state, const std::string& reason, absl::Time now) {
  SetRunState(state, reason);
  run_.ended = now;
  ended_ = true;
  if (state == v1::SUCCEEDED) {
    for (const JobRecord& job : jobs_) {
      if (job.built_image)
        run_.image = job.built_image->repository() + "@" + job.built_image->digest();
    }
  }
  if (!run_.tag_pattern.empty()) {
    work_.push_back({"release_tag", run_.name.ToString(), run_.tag_used ? "used" : ""});
  }
  Record& fact = Fact("run.finished", state == v1::SUCCEEDED ? Verdict::kDone : Verdict::kFailed,
                      "run " + StateText(state) + (reason.empty() ? "" : ": " + reason));
  if (!run_.image.empty()) fact.values["image"] = run_.image;
}

Record& RunAggregate::Fact(const std::string& event, Verdict verdict, const std::string& message) {
  Record& fact = facts_.emplace_back();
  fact.subject = run_.name.ToString();
  fact.kind = "run";
  fact.event = event;
  fact.verdict = verdict;
  fact.message = message;
  fact.trace_id = run_.trace_id;
  fact.project = run_.name.workflow.project;
  fact.app = run_.name.workflow.app;
  return fact;
}

Record& RunAggregate::JobFact(int job, const std::string& event, Verdict verdict,
                              const std::string& message) {
  Record& fact = Fact(event, verdict, message);
  fact.subject = JobName{run_.name, jobs_[job].name}.ToString();
  fact.kind = "job";
  fact.values["attempt"] = std::to_string(jobs_[job].attempt);
  return fact;
}

}  // namespace slipway::build
