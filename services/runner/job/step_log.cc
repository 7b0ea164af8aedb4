#include "services/runner/job/step_log.h"

namespace slipway::runner {
namespace {

constexpr std::string_view kPrefix = "[slipway] ";

}  // namespace

void StepLog::Say(std::string_view text) {
  Flush();
  std::string line = at_line_start_ ? "" : "\n";
  line.append(kPrefix).append(text).append("\n");
  Write(line);
  Flush();
}

void StepLog::Append(std::string_view masked) {
  if (masked.empty() || full_) return;
  if (courier_.log_size() + static_cast<int64_t>(masked.size()) > max_) {
    full_ = true;
    courier_.Append(
        "\n[slipway] the log is larger than the runner's limit: what follows is not kept\n", step_);
    return;
  }
  courier_.Append(masked, step_);
  at_line_start_ = masked.back() == '\n';
}

}  // namespace slipway::runner
