#include "tools/slipway/commands/runs.h"

#include <algorithm>
#include <map>

#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/follow.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/resources.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

bool HasEnded(const std::string& state) {
  return state == "SUCCEEDED" || state == "FAILED" || state == "CANCELLED" || state == "SKIPPED";
}

const Kind& KindNamed(std::string_view word) { return **FindKind(word); }

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text + " ";
}

// Says what changes in a run: a line for each step that ends, a passing one for what is going on.
class RunProgress {
 public:
  explicit RunProgress(Output& output) : output_(output) {}

  void Show(const bj::value& run) {
    std::string now = StateWord(Text(run, "state"));
    if (const std::string reason = Text(run, "reason"); !reason.empty()) now += ": " + reason;
    for (const bj::value& job : List(run, "jobs")) {
      NoteAttempt(job);
      for (const bj::value& step : List(job, "steps")) ShowStep(job, step, now);
    }
    if (!HasEnded(Text(run, "state"))) output_.Passing("  " + now);
    // In a pipe the waiting shows as well, once for each reason.
    if (!output_.on_terminal() && Text(run, "state") == "PENDING" && now != waiting_) {
      waiting_ = now;
      output_.Line("  " + now);
    }
  }

 private:
  void NoteAttempt(const bj::value& job) {
    const std::string attempt = Text(job, "attempt");
    std::string& known = attempts_[Text(job, "name")];
    if (!known.empty() && known != attempt) {
      output_.Line("  attempt " + attempt +
                   (Text(job, "reason").empty() ? "" : ": " + Text(job, "reason")));
      ended_.clear();
    }
    known = attempt;
  }

  void ShowStep(const bj::value& job, const bj::value& step, std::string& now) {
    const std::string state = Text(step, "state");
    const std::string name = Text(step, "name");
    if (state == "RUNNING") now = name + " is running";
    if (!HasEnded(state) || std::exchange(ended_[Text(job, "name") + "/" + name], true)) return;
    std::string line = "  " + Padded(Text(step, "stage"), 11) + Padded(name, 16) +
                       Padded(StateWord(state), 9) +
                       Padded(Took(Text(step, "startTime"), Text(step, "endTime")), 7);
    if (state == "FAILED") line += Text(step, "reason");
    output_.Line(line.substr(0, line.find_last_not_of(' ') + 1));
  }

  Output& output_;
  std::map<std::string, bool> ended_;
  std::map<std::string, std::string> attempts_;
  std::string waiting_;
};

absl::Status WaitForRun(Context& context, const std::string& name) {
  RunProgress progress(context.output);
  bj::value last;
  SLIPWAY_RETURN_IF_ERROR(Follow(
      context.api, [&] { return Path(name, "watch"); },
      [&](const bj::value& run) {
        last = run;
        progress.Show(run);
        return HasEnded(Text(run, "state"));
      },
      [&](const std::string& text) { context.output.Note(text); }));
  // The stream may have ended before its news came.
  if (!HasEnded(Text(last, "state"))) {
    SLIPWAY_ASSIGN_OR_RETURN(last, context.api.Get(Path(name)));
    progress.Show(last);
  }
  const std::string state = Text(last, "state");
  const std::string shown = "run " + ShortName(name);
  if (!context.output.for_people()) context.output.Document(last);
  const std::string image = Text(last, "image");
  context.output.Line(shown + "  " + StateWord(state) + "  " +
                      Took(Text(last, "createTime"), Text(last, "endTime")) +
                      (image.empty() ? "" : "  " + image));
  if (state == "SUCCEEDED") return absl::OkStatus();
  const std::string reason = Text(last, "reason");
  return EndedBadly(shown + " " + StateWord(state) + (reason.empty() ? "" : ": " + reason) +
                    "; see: slipway logs " + ShortName(name));
}

absl::Status ShowStarted(Context& context, const bj::value& run, bool wait) {
  const std::string name = Text(run, "name");
  if (!wait) {
    if (!context.output.for_people()) {
      context.output.Document(run);
    } else {
      context.output.Line("run " + ShortName(name) + "  " + StateWord(Text(run, "state")) + "  " +
                          ShortCommit(Text(run, "commit")));
    }
    return absl::OkStatus();
  }
  context.output.Line("run " + ShortName(name) + "  " + ShortCommit(Text(run, "commit")) + " " +
                      Truncate(Text(run, "subject"), 60));
  return WaitForRun(context, name);
}

}  // namespace

absl::Status Run(Context& context, const RunArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name,
                           ResourceName(KindNamed("workflow"), args.workflow, context.scope));
  bj::object body = {{"requestId", RandomHex(16)}};
  if (!args.commit.empty()) body["commit"] = args.commit;
  if (!args.ref.empty()) body["ref"] = args.ref;
  if (args.ignore_cache) body["ignoreCache"] = true;
  bj::object variables;
  for (const std::string& variable : args.variables) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0)
      return BadUsage("--var takes KEY=VALUE, not \"" + variable + "\"");
    variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  if (!variables.empty()) body["variables"] = std::move(variables);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value run, context.api.Post(Path(name, "run"), body));
  return ShowStarted(context, run, args.wait);
}

absl::Status Runs(Context& context, const RunsArgs& args) {
  NameScope scope = context.scope;
  if (!args.app.empty()) scope.app = args.app;
  const std::vector<std::string> states = {"pending", "running", "passed", "failed", "cancelled"};
  if (!args.status.empty() && args.status != "succeeded" &&
      std::find(states.begin(), states.end(), ToLower(args.status)) == states.end()) {
    return UnknownWord("status", args.status, states);
  }
  const Kind& kind = KindNamed("run");
  SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, ParentName(kind, scope));
  Path path(parent + "/runs");
  path.With("branch", args.branch).With("state", StateOfWord(args.status)).With("actor", args.by);
  return ShowList(context, kind, path, args.limit, "there are no such runs");
}

absl::Status Cancel(Context& context, const std::string& run) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, FindRun(context, run));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer, context.api.Post(Path(name, "cancel"), {}));
  if (!context.output.for_people()) context.output.Document(answer);
  const bool ended = HasEnded(Text(answer, "state"));
  context.output.Line("run " + ShortName(Text(answer, "name")) + "  " +
                      (ended ? StateWord(Text(answer, "state")) : "is being cancelled"));
  return absl::OkStatus();
}

absl::Status Retry(Context& context, const std::string& run, bool wait) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, FindRun(context, run));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer,
                           context.api.Post(Path(name, "retry"), {{"requestId", RandomHex(16)}}));
  return ShowStarted(context, answer, wait);
}

absl::StatusOr<std::string> FindRun(Context& context, const std::string& typed) {
  const size_t slashes = Split(typed, '/').size() - 1;
  const bool has_number = typed.find('#') != std::string::npos || typed.starts_with("projects/");
  if (has_number || slashes == 2) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string name,
                             ResourceName(KindNamed("run"), typed, context.scope));
    if (!name.ends_with("/latest")) return name;
    SLIPWAY_ASSIGN_OR_RETURN(const bj::value run, context.api.Get(Path(name)));
    return Text(run, "name");
  }
  // "a/b" is app and workflow where the app is in the project in use, else project and app.
  if (slashes == 1 && !context.scope.project.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string name,
                             ResourceName(KindNamed("run"), typed, context.scope));
    const auto run = context.api.Get(Path(name));
    if (run.ok()) return Text(*run, "name");
    if (!absl::IsNotFound(run.status())) return run.status();
    const std::string workflow = name.substr(0, name.find("/runs/"));
    if (context.api.Get(Path(workflow)).ok()) return NoRunYet(ShortName(workflow), typed);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string app, AppName(typed, context.scope));
  const auto runs = context.api.GetAll(Path(app + "/workflows/-/runs"), "runs", 1);
  if (!runs.ok()) return runs.status();
  if (runs->empty()) {
    SLIPWAY_RETURN_IF_ERROR(context.api.Get(Path(app)).status());
    return NoRunYet(ShortName(app), typed + "/WORKFLOW");
  }
  return Text(runs->front(), "name");
}

}  // namespace slipway::cli
