#include "tools/slipway/commands/sync.h"

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

void Show(Output& output, const bj::value& sync) {
  const std::string reason = Text(sync, "reason");
  const std::string commit = ShortCommit(Text(sync, "commit"));
  const std::string asked_by = Text(sync, "askedBy");
  std::string state = reason;
  if (state.empty()) {
    state = commit.empty() ? "nothing is applied yet, and nothing stands against it"
                           : "nothing stands against a sync; commit " + commit + " is applied";
  }
  output.Line(ShortName(Text(sync, "name")) + "  " + state);
  if (!asked_by.empty()) output.Line("  " + asked_by + " asked for a sync, which is under way");
  const std::string until = Text(sync, "untilTime");
  if (!until.empty()) output.Line("  until  " + until);
  const std::string drift = Text(sync, "drift");
  if (!drift.empty()) output.Line("  drift  " + drift);
}

absl::Status Say(Context& context, const std::string& where, const char* verb,
                 const bj::object& request = {}) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, EnvironmentName(where, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value sync, context.api.Post(Path(name, verb), request));
  if (!context.output.for_people()) {
    context.output.Document(sync);
  } else {
    Show(context.output, sync);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SuspendSync(Context& context, const std::string& where) {
  return Say(context, where, "suspend");
}

absl::Status ResumeSync(Context& context, const std::string& where) {
  return Say(context, where, "resume");
}

absl::Status SyncNow(Context& context, const std::string& where, bool prune) {
  bj::object request;
  if (prune) request["prune"] = true;
  return Say(context, where, "sync", request);
}

absl::Status WhySync(Context& context, const std::string& typed) {
  if (const auto kind = FindKind(typed); kind.ok()) {
    return BadUsage("name the " + typed + ": slipway why " + typed + " NAME");
  }
  bj::array found;
  const auto app = AppName(typed, context.scope);
  // "hello/dev" may be an app of the project "hello": the deployment pipeline is what is meant
  // where there is one.
  const auto name = EnvironmentName(typed, context.scope);
  if (name.ok()) {
    SLIPWAY_ASSIGN_OR_RETURN(bj::value sync, context.api.Get(Path(*name, "syncStatus")));
    found.push_back(std::move(sync));
  } else {
    SLIPWAY_RETURN_IF_ERROR(app.status());
    Path path(*app + "/environments/-/deployments");
    path.With("currentOnly", "true");
    SLIPWAY_ASSIGN_OR_RETURN(const bj::value list, context.api.Get(path));
    for (const bj::value& deployment : List(list, "deployments")) {
      found.push_back(bj::value(Object(deployment, "status.sync")));
    }
  }
  if (!context.output.for_people()) {
    context.output.Document({{"syncs", std::move(found)}});
    return absl::OkStatus();
  }
  if (found.empty()) return NothingThere(typed + " is not deployed anywhere");
  for (const bj::value& sync : found) Show(context.output, sync);
  return absl::OkStatus();
}

}  // namespace slipway::cli
