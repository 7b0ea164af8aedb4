#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/runner/mask/masker.h"
#include "services/runner/spool/courier.h"

namespace slipway::runner {

// What one step writes: masked, then handed to the courier. Beyond the job's limit output is
// dropped and a line says so. Owned by the step's execution; used on one thread.
class StepLog {
 public:
  // `step` is empty for what belongs to no step.
  StepLog(Courier& courier, const MaskedTexts& texts, std::string step, int64_t max_job_log)
      : courier_(courier), masker_(texts), step_(std::move(step)), max_(max_job_log) {}

  // Output of the user's or a tool's process.
  void Write(std::string_view chunk) { Append(masker_.Push(chunk), step_); }
  // A line of the runner's own, "[slipway] TEXT", on a line of its own.
  void Say(std::string_view text);
  // The end of a process: nothing is kept back any more.
  void Flush() { Append(masker_.Flush(), step_); }

 private:
  // `step` is empty for a line of the runner's own.
  void Append(std::string_view masked, const std::string& step);

  Courier& courier_;
  Masker masker_;
  const std::string step_;
  const int64_t max_;
  bool at_line_start_ = true;
  bool full_ = false;
};

}  // namespace slipway::runner
