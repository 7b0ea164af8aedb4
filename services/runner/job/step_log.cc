#include "services/runner/job/step_log.h"

namespace slipway::runner {
namespace {

constexpr std::string_view kPrefix = "[slipway] ";

}  // namespace

void StepLog::Say(std::string_view text) {
  Flush();
  std::string line = at_line_start_ ? "" : "\n";
  line.append(kPrefix).append(text).append("\n");
  // Masked, since it may name what a job is called or a URL; as a whole, apart from the output.
  Append(masker_.Push(line) + masker_.Flush(), "");
}

void StepLog::Append(std::string_view masked, const std::string& step) {
  if (masked.empty() || full_) return;
  if (courier_.log_size() + static_cast<int64_t>(masked.size()) > max_) {
    full_ = true;
    courier_.Append(
        "\n[slipway] the log is larger than the runner's limit: what follows is not kept\n", "");
    return;
  }
  courier_.Append(masked, step);
  at_line_start_ = masked.back() == '\n';
}

}  // namespace slipway::runner
