#include "tools/slipway/commands/cluster.h"

#include <map>
#include <vector>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/output/format.h"
#include "tools/slipway/output/table.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

// Nodes below the node with the uid `parent`, in rows that are indented by their depth.
void AddRows(const std::multimap<std::string, const bj::value*>& below, const std::string& parent,
             size_t depth, Table& table) {
  const auto [first, last] = below.equal_range(parent);
  for (auto it = first; it != last; ++it) {
    const bj::value& node = *it->second;
    std::string why = Text(node, "message");
    const std::string drift = Text(node, "drift");
    if (!drift.empty()) why += (why.empty() ? "" : "; ") + drift;
    table.rows.push_back(
        {std::string(2 * depth, ' ') + Text(node, "kind") + " " + Text(node, "objectName"),
         Text(node, "namespace"), Text(node, "health"), why});
    for (const bj::value& event : List(node, "events")) {
      table.rows.push_back(
          {std::string(2 * depth + 2, ' ') + "! " + std::string(event.as_string())});
    }
    const std::string uid = Text(node, "uid");
    if (!uid.empty()) AddRows(below, uid, depth + 1, table);
  }
}

std::string CommitsText(const bj::value& tree) {
  const std::string desired = ShortCommit(Text(tree, "desiredCommit"));
  const std::string applied = ShortCommit(Text(tree, "appliedCommit"));
  if (desired == applied) return "commit " + applied + " is applied";
  if (applied.empty()) return "commit " + desired + " is desired, nothing is applied";
  return "commit " + desired + " is desired, " + applied + " is applied";
}

const char* Sign(const std::string& change) {
  if (change == "CREATE") return "+ ";
  if (change == "DELETE") return "- ";
  if (change == "UPDATE") return "~ ";
  return change == "REFUSED" ? "! " : "= ";
}

}  // namespace

absl::Status ShowTree(Context& context, const std::string& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, EnvironmentName(where, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value tree, context.api.Get(Path(name, "tree")));
  if (!context.output.for_people()) {
    context.output.Document(tree);
    return absl::OkStatus();
  }
  std::multimap<std::string, const bj::value*> below;
  for (const bj::value& node : List(tree, "nodes")) below.emplace(Text(node, "parentUid"), &node);
  Table table{.header = {"OBJECT", "NAMESPACE", "HEALTH", "WHY"}};
  AddRows(below, "", 0, table);
  context.output.Line(ShortName(name) + "  on cluster " + Text(tree, "cluster") + ", " +
                      CommitsText(tree));
  context.output.Answer(tree, table, "it has no objects");
  return absl::OkStatus();
}

absl::Status ShowDiff(Context& context, const std::string& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, EnvironmentName(where, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value diff, context.api.Get(Path(name, "diff")));
  if (!context.output.for_people()) {
    context.output.Document(diff);
    return absl::OkStatus();
  }
  const bj::array& objects = List(diff, "objects");
  if (objects.empty()) {
    context.output.Line("nothing differs from commit " + ShortCommit(Text(diff, "commit")));
  }
  for (const bj::value& object : objects) {
    const std::string reason = Text(object, "reason");
    context.output.Line(Sign(Text(object, "change")) + Text(object, "object") +
                        (reason.empty() ? "" : ": " + reason));
    for (const bj::value& line : List(object, "lines")) {
      context.output.Line("    " + std::string(line.as_string()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCluster(Context& context, const std::string& cluster) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("cluster"));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(*kind, cluster, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value check,
                           context.api.Post(Path(name, "check"), bj::object()));
  if (!context.output.for_people()) {
    context.output.Document(check);
  } else {
    Table table;
    for (const bj::value& stage : List(check, "stages")) {
      table.rows.push_back({Text(stage, "ok") == "true" ? "ok" : "FAILED", Text(stage, "name"),
                            Text(stage, "durationMs") + " ms", Text(stage, "message")});
    }
    context.output.Answer(check, table);
  }
  for (const bj::value& stage : List(check, "stages")) {
    if (Text(stage, "ok") == "true") continue;
    return absl::FailedPreconditionError("cluster " + cluster + " can't be used: " +
                                         Text(stage, "name") + ": " + Text(stage, "remedy"));
  }
  return absl::OkStatus();
}

}  // namespace slipway::cli
