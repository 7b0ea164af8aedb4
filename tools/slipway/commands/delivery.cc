#include "tools/slipway/commands/delivery.h"

#include "absl/time/clock.h"
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

const Kind& KindNamed(std::string_view word) { return **FindKind(word); }

bool HasEnded(const std::string& state) {
  return state == "HEALTHY" || state == "UNHEALTHY" || state == "FAILED" || state == "SUPERSEDED";
}

// "projects/P/apps/A/environments/E".
std::string StateAndReason(const bj::value& deployment) {
  const std::string reason = Text(deployment, "status.reason");
  return StateWord(Text(deployment, "status.state")) + (reason.empty() ? "" : ": " + reason);
}

absl::Status WaitForDeployment(Context& context, const std::string& name) {
  bj::value last;
  std::string shown_state;
  SLIPWAY_RETURN_IF_ERROR(Follow(
      context.api, [&] { return Path(name, "watch"); },
      [&](const bj::value& deployment) {
        last = deployment;
        const bool ended = HasEnded(Text(deployment, "status.state"));
        const std::string state = StateAndReason(deployment);
        context.output.Passing("  " + state);
        if (!ended && !context.output.on_terminal() && state != shown_state)
          context.output.Line("  " + state);
        shown_state = state;
        return ended;
      },
      [&](const std::string& text) { context.output.Note(text); }));
  if (!HasEnded(Text(last, "status.state"))) {
    SLIPWAY_ASSIGN_OR_RETURN(last, context.api.Get(Path(name)));
  }
  if (!context.output.for_people()) context.output.Document(last);
  const std::string shown = "deployment " + ShortName(name);
  const std::string url = Text(last, "status.url");
  context.output.Line(shown + "  " + StateWord(Text(last, "status.state")) + "  " +
                      Took(Text(last, "createTime"), Text(last, "endTime")) +
                      (url.empty() ? "" : "  " + url));
  if (Text(last, "status.state") == "HEALTHY") return absl::OkStatus();
  return EndedBadly(shown + " " + StateAndReason(last) + "; see: slipway why deployment " +
                    ShortName(name));
}

absl::Status ShowStarted(Context& context, const bj::value& deployment, bool wait) {
  const std::string name = Text(deployment, "name");
  if (!wait && !context.output.for_people()) {
    context.output.Document(deployment);
    return absl::OkStatus();
  }
  const std::string image = ShortImage(Text(deployment, "status.image"));
  context.output.Line("deployment " + ShortName(name) + "  " +
                      (wait ? image : StateAndReason(deployment) + "  " + image));
  return wait ? WaitForDeployment(context, name) : absl::OkStatus();
}

}  // namespace

absl::Status Deploy(Context& context, const DeployArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string where, EnvironmentName(args.where, context.scope));
  bj::object body = {{"requestId", RandomHex(16)}};
  if (!args.image.empty()) body["image"] = args.image;
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value deployment,
                           context.api.Post(Path(where + "/deployments"), body));
  return ShowStarted(context, deployment, args.wait);
}

absl::Status Rollback(Context& context, const RollbackArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string where, EnvironmentName(args.where, context.scope));
  bj::object body = {{"requestId", RandomHex(16)}};
  if (!args.to.empty()) {
    const std::string number =
        args.to.substr(args.to.find('#') == std::string::npos ? 0 : args.to.find('#') + 1);
    if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) {
      return BadUsage("--to takes the number of a deployment, not \"" + args.to +
                      "\"; see: slipway deployments " +
                      args.where.substr(0, args.where.rfind('/')));
    }
    body["to"] = number;
  }
  if (!args.config.empty()) body["config"] = StateOfWord(args.config);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value deployment,
                           context.api.Post(Path(where, "rollback"), body));
  return ShowStarted(context, deployment, args.wait);
}

absl::Status Deployments(Context& context, const DeploymentsArgs& args) {
  NameScope scope = context.scope;
  // APP/ENVIRONMENT narrows it further.
  if (!args.app.empty()) {
    scope.app = args.app;
    if (args.app.find('/') != std::string::npos) {
      const std::vector<std::string> parts = Split(args.app, '/');
      const bool project_and_app =
          parts.size() == 2 && (scope.project.empty() || parts[0] == scope.project);
      if (!project_and_app) {
        scope.environment = parts.back();
        scope.app = Join({parts.begin(), parts.end() - 1}, "/");
      }
    }
  }
  const Kind& kind = KindNamed("deployment");
  SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, ParentName(kind, scope));
  Path path(parent + "/deployments");
  path.With("currentOnly", args.current ? "true" : "")
      .With("state", StateOfWord(args.status))
      .With("health", StateOfWord(args.health));
  return ShowList(context, kind, path, args.limit, "there are no such deployments");
}

absl::Status Images(Context& context, const std::string& app, const std::string& workflow,
                    size_t limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, AppName(app, context.scope));
  Path path(parent + "/images");
  path.With("workflow", workflow);
  return ShowList(context, KindNamed("image"), path, limit,
                  ShortName(parent) + " has no image yet");
}

absl::Status Commits(Context& context, const CommitsArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, AppName(args.app, context.scope));
  Path path(parent + "/commits");
  path.With("ref", args.ref).With("repository", args.repository);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::array commits,
                           context.api.GetAll(path, "commits", args.limit));
  Table table{.header = {"COMMIT", "AGE", "AUTHOR", "SUBJECT"}, .rows = {}};
  for (const bj::value& commit : commits) {
    table.rows.push_back(
        {Text(commit, "sha").substr(0, 12), Age(Text(commit, "commitTime"), absl::Now()),
         Truncate(Text(commit, "author"), 40), Truncate(Text(commit, "subject"), 72)});
  }
  context.output.Answer(commits, table, "there are no commits");
  return absl::OkStatus();
}

absl::Status Deliveries(Context& context, const DeliveriesArgs& args) {
  Path path("deliveries");
  if (!args.app.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string app, AppName(args.app, context.scope));
    path.With("app", app);
  }
  path.With("hook", args.hook);
  return ShowList(context, KindNamed("delivery"), path, args.limit, "there are no deliveries");
}

absl::Status Redeliver(Context& context, const std::string& id) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name,
                           ResourceName(KindNamed("delivery"), id, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(
      const bj::value answer,
      context.api.Post(Path(name, "redeliver"), {{"requestId", RandomHex(16)}}));
  if (!context.output.for_people()) context.output.Document(answer);
  // It has an id of its own; the one before stays as it was.
  const std::string again = ShortName(Text(answer, "name"));
  const std::string outcome = Text(answer, "outcome");
  context.output.Line("delivery " + again + "  " +
                      (outcome.empty() ? StateWord(Text(answer, "state")) : outcome) +
                      "; see: slipway why delivery " + again);
  return absl::OkStatus();
}

}  // namespace slipway::cli
