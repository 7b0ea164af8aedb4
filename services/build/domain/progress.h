#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/build/domain/records.h"

namespace slipway::build {

// What the states of a run's jobs lead to. A pure function of them.
struct Progress {
  std::vector<size_t> ready;  // jobs that may be leased from now on
  std::vector<size_t>
      skipped;  // jobs that can't run any more, since one that they need did not succeed
  std::optional<v1::State> run;  // the run's final state, when no job is left
  std::string reason;            // of the run, with `run`
};

// `jobs` are all jobs of one run, in any order.
Progress ProgressOf(std::span<const JobRecord> jobs);

// Steps as they stand when a job ends as `job_state`: a running one ends like the job, one that
// never started is skipped.
void CloseSteps(std::vector<v1::Step>& steps, v1::State job_state, absl::Time now);

// Steps as they stand before an attempt.
void ResetSteps(std::vector<v1::Step>& steps);

// Lays reported steps over the stored ones by name. Reports arrive in order for one holding, but a
// repeated one may be late: a step that has ended stays as it is. Steps that the Plan does not have
// are passed over.
void MergeSteps(std::vector<v1::Step>& stored, const std::vector<v1::Step>& reported);

}  // namespace slipway::build
