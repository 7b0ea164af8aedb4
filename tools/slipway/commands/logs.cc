#include "tools/slipway/commands/logs.h"

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/follow.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/runs.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

// Writes the log of one job or step, through interruptions.
class LogReader {
 public:
  LogReader(Context& context, std::string job, std::string step)
      : context_(context), job_(std::move(job)), step_(std::move(step)) {}

  absl::Status Read(bool follow) {
    const auto take = [this](const bj::value& chunk) { return Take(chunk); };
    if (!follow) {
      return context_.api.Stream(Place(), false,
                                 [&](const bj::value& chunk) { return !take(chunk); });
    }
    do {
      restart_ = false;
      SLIPWAY_RETURN_IF_ERROR(Follow(
          context_.api, [this] { return Place(); }, take,
          [this](const std::string& text) { context_.output.Note(text); }));
    } while (restart_);
    return absl::OkStatus();
  }

 private:
  // Asks from the last chunk on and passes over what of it was written, since its text may have
  // another length than its bytes.
  Path Place() {
    skip_ = written_;
    Path path(job_ + "/log");
    path.With("step", step_);
    if (offset_ > 0) path.With("offset", std::to_string(offset_));
    return path;
  }

  // True at the last chunk, or when the log has to be read from its start.
  bool Take(const bj::value& chunk) {
    const int64_t attempt = Number(chunk, "attempt");
    const int64_t offset = Number(chunk, "offset");
    if (attempt_ > 0 && attempt > attempt_) {
      context_.output.Note("--- attempt " + std::to_string(attempt) + ": the log starts anew ---");
      // The place asked for was that of the attempt before.
      restart_ = std::exchange(offset_, 0) > 0 && offset > 0;
      skip_ = written_ = 0;
    }
    attempt_ = std::max(attempt, attempt_);
    if (restart_) return true;
    const std::string text = Text(chunk, "text");
    const size_t skipped = std::min(skip_, text.size());
    skip_ -= skipped;
    if (skip_ == 0 && !text.empty()) {
      offset_ = offset;
      written_ = text.size();
    }
    if (text.size() > skipped) context_.output.Raw(std::string_view(text).substr(skipped));
    return Text(chunk, "last") == "true";
  }

  static int64_t Number(const bj::value& value, const char* path) {
    const std::string text = Text(value, path);
    return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
  }

  Context& context_;
  const std::string job_;
  const std::string step_;
  int64_t offset_ = 0;   // of the last chunk
  size_t written_ = 0;   // bytes of text from there on
  size_t skip_ = 0;      // of what comes, written already
  int64_t attempt_ = 0;  // that is being written
  bool restart_ = false;
};

bool HasStep(const bj::value& job, const std::string& name) {
  for (const bj::value& step : List(job, "steps")) {
    if (Text(step, "name") == name) return true;
  }
  return false;
}

struct Wanted {
  std::string job;  // "": all
  std::string step;
};

// What stands behind the run: JOB, JOB/STEP, or STEP in a run with one job.
absl::StatusOr<Wanted> FindWanted(const bj::value& run, const std::string& rest) {
  if (rest.empty()) return Wanted{};
  const std::vector<std::string> parts = Split(rest, '/');
  const bj::array& jobs = List(run, "jobs");
  std::vector<std::string> known;
  for (const bj::value& job : jobs) {
    const std::string id = Split(Text(job, "name"), '/').back();
    known.push_back(id);
    if (id != parts[0]) continue;
    if (parts.size() == 1) return Wanted{.job = Text(job, "name"), .step = {}};
    if (parts.size() == 2 && HasStep(job, parts[1]))
      return Wanted{.job = Text(job, "name"), .step = parts[1]};
  }
  if (jobs.size() == 1 && parts.size() == 1 && HasStep(jobs.front(), parts[0])) {
    return Wanted{.job = Text(jobs.front(), "name"), .step = parts[0]};
  }
  for (const bj::value& job : jobs) {
    for (const bj::value& step : List(job, "steps")) {
      const std::string job_id = Split(Text(job, "name"), '/').back();
      known.push_back(jobs.size() == 1 ? Text(step, "name") : job_id + "/" + Text(step, "name"));
    }
  }
  return NothingThere("run " + ShortName(Text(run, "name")) + " has no job or step \"" + rest +
                      "\"; it has " + Join(known, ", "));
}

// The run, also one that a push has only just asked for.
absl::StatusOr<std::string> AwaitRun(Context& context, const std::string& typed) {
  constexpr absl::Duration kPatience = absl::Seconds(10);
  const absl::Time end = absl::Now() + kPatience;
  absl::StatusOr<std::string> run = FindRun(context, typed);
  if (IsNoRunYet(run.status()) && context.output.for_people())
    context.output.Note("no run yet; waiting for one");
  while (IsNoRunYet(run.status()) && absl::Now() < end) {
    Pause(absl::Milliseconds(200));
    run = FindRun(context, typed);
  }
  return run;
}

}  // namespace

absl::Status Logs(Context& context, const LogsArgs& args) {
  std::string typed = args.name;
  std::string rest;
  if (const size_t hash = typed.find('#'); hash != std::string::npos) {
    if (const size_t slash = typed.find('/', hash); slash != std::string::npos) {
      rest = typed.substr(slash + 1);
      typed.resize(slash);
    }
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name,
                           args.follow ? AwaitRun(context, typed) : FindRun(context, typed));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value run, context.api.Get(Path(name)));
  SLIPWAY_ASSIGN_OR_RETURN(const Wanted wanted, FindWanted(run, rest));
  const bj::array& jobs = List(run, "jobs");
  for (const bj::value& job : jobs) {
    const std::string job_name = Text(job, "name");
    if (!wanted.job.empty() && wanted.job != job_name) continue;
    if (wanted.job.empty() && jobs.size() > 1)
      context.output.Note("--- " + ShortName(job_name) + " ---");
    SLIPWAY_RETURN_IF_ERROR(LogReader(context, job_name, wanted.step).Read(args.follow));
  }
  if (jobs.empty())
    context.output.Note("run " + ShortName(name) + " has no job: " + Text(run, "reason"));
  return absl::OkStatus();
}

}  // namespace slipway::cli
