#include "services/build/domain/progress.h"

#include <map>

#include "absl/time/clock.h"
#include "libs/rpc/timestamp.h"
#include "services/build/domain/states.h"

namespace slipway::build {
namespace {

enum class Verdict { kWait, kReady, kSkip };

Verdict VerdictOf(const JobRecord& job, const std::map<std::string, v1::State>& states) {
  Verdict verdict = Verdict::kReady;
  for (const std::string& need : job.needs) {
    const auto it = states.find(need);
    if (it == states.end() || it->second == v1::SUCCEEDED) continue;
    if (IsFinal(it->second)) return Verdict::kSkip;
    verdict = Verdict::kWait;
  }
  return verdict;
}

// The run's end: a failure outweighs a cancellation, which outweighs success.
void EndRun(std::span<const JobRecord> jobs, Progress& progress) {
  progress.run = v1::SUCCEEDED;
  for (const JobRecord& job : jobs) {
    if (job.state == v1::FAILED && progress.run != v1::FAILED) {
      progress.run = v1::FAILED;
      progress.reason = job.reason;
    } else if (job.state == v1::CANCELLED && progress.run == v1::SUCCEEDED) {
      progress.run = v1::CANCELLED;
      progress.reason = job.reason;
    }
  }
}

}  // namespace

Progress ProgressOf(std::span<const JobRecord> jobs) {
  Progress progress;
  std::map<std::string, v1::State> states;
  for (const JobRecord& job : jobs) states[job.name] = job.state;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (states[jobs[i].name] != v1::PENDING || VerdictOf(jobs[i], states) != Verdict::kSkip)
        continue;
      states[jobs[i].name] = v1::SKIPPED;
      progress.skipped.push_back(i);
      changed = true;
    }
  }
  bool all_ended = true;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const v1::State state = states[jobs[i].name];
    if (!IsFinal(state)) all_ended = false;
    if (state == v1::PENDING && !jobs[i].ready && VerdictOf(jobs[i], states) == Verdict::kReady) {
      progress.ready.push_back(i);
    }
  }
  if (all_ended) EndRun(jobs, progress);
  return progress;
}

void CloseSteps(std::vector<v1::Step>& steps, v1::State job_state, absl::Time now) {
  for (v1::Step& step : steps) {
    if (IsFinal(step.state())) continue;
    if (step.state() == v1::RUNNING) {
      step.set_state(job_state == v1::CANCELLED ? v1::CANCELLED : v1::FAILED);
      *step.mutable_end_time() = rpc::ToTimestamp(now);
    } else {
      step.set_state(job_state == v1::CANCELLED ? v1::CANCELLED : v1::SKIPPED);
    }
  }
}

void ResetSteps(std::vector<v1::Step>& steps) {
  for (v1::Step& step : steps) {
    v1::Step fresh;
    fresh.set_name(step.name());
    fresh.set_stage(step.stage());
    fresh.set_state(v1::PENDING);
    step = std::move(fresh);
  }
}

void MergeSteps(std::vector<v1::Step>& stored, const std::vector<v1::Step>& reported) {
  for (const v1::Step& report : reported) {
    for (v1::Step& step : stored) {
      if (step.name() != report.name() || IsFinal(step.state())) continue;
      if (report.state() != step.state() &&
          !MayChange(Thing::kStep, step.state(), report.state())) {
        // A step that started and ended between two reports passes through RUNNING unseen.
        if (!MayChange(Thing::kStep, v1::RUNNING, report.state()) || report.state() == v1::PENDING)
          continue;
      }
      const std::string stage = step.stage();
      step = report;
      step.set_stage(stage);
    }
  }
}

}  // namespace slipway::build
