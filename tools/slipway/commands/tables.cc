#include "tools/slipway/commands/tables.h"

#include <algorithm>
#include <functional>
#include <map>

#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/names/name.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr size_t kLongText = 60;

struct Column {
  std::string title;
  std::function<std::string(const bj::value& resource, absl::Time now)> cell;
};
using Columns = std::vector<Column>;

Column Of(const std::string& title, const std::string& path) {
  return {title, [path](const bj::value& v, absl::Time) { return Text(v, path); }};
}

Column LongOf(const std::string& title, const std::string& path) {
  return {title,
          [path](const bj::value& v, absl::Time) { return Truncate(Text(v, path), kLongText); }};
}

Column YesOf(const std::string& title, const std::string& path) {
  return {title,
          [path](const bj::value& v, absl::Time) { return Text(v, path) == "true" ? "yes" : ""; }};
}

Column StateOf(const std::string& title, const std::string& path) {
  return {title, [path](const bj::value& v, absl::Time) { return StateWord(Text(v, path)); }};
}

Column AgeOf(const std::string& title, const std::string& path) {
  return {title, [path](const bj::value& v, absl::Time now) { return Age(Text(v, path), now); }};
}

Column TookOf(const std::string& begin, const std::string& end) {
  return {"TOOK", [begin, end](const bj::value& v, absl::Time) {
            return Took(Text(v, begin), Text(v, end));
          }};
}

Column CommitOf(const std::string& path) {
  return {"COMMIT", [path](const bj::value& v, absl::Time) { return ShortCommit(Text(v, path)); }};
}

// The stages of a provider's validation: how many passed, or which one did not and why.
std::string Stages(const bj::value& provider) {
  const bj::array& stages = List(provider, "status.stages");
  for (const bj::value& stage : stages) {
    if (Text(stage, "ok") == "true") continue;
    return Text(stage, "name") + ": " + Truncate(Text(stage, "message"), kLongText) + "; " +
           Text(stage, "remedy");
  }
  return stages.empty() ? "" : std::to_string(stages.size()) + " passed";
}

Column ImageOf(const std::string& path) {
  return {"IMAGE", [path](const bj::value& v, absl::Time) { return ShortImage(Text(v, path)); }};
}

Column RefOf(const std::string& path) {
  return {"BRANCH", [path](const bj::value& v, absl::Time) { return ShortRef(Text(v, path)); }};
}

Column NameColumn() {
  return {"NAME", [](const bj::value& v, absl::Time) { return ShortName(Text(v, "name")); }};
}

Column ShortOf(const std::string& title, const std::string& path) {
  return {title, [path](const bj::value& v, absl::Time) {
            return Text(v, path).empty() ? "" : ShortName(Text(v, path));
          }};
}

std::string BuildsFrom(const bj::value& workflow) {
  const bj::value from = Object(workflow, "spec.source.build.from");
  const std::string pattern = Text(from, "branchRegex");
  return pattern.empty() ? Text(from, "branch") : "/" + pattern + "/";
}

std::string DeploysTo(const bj::value& workflow) {
  std::vector<std::string> environments;
  for (const bj::value& pipeline : List(workflow, "spec.deploymentPipelines")) {
    const bool manual = Text(pipeline, "trigger") == "MANUAL";
    environments.push_back(Text(pipeline, "environment") + (manual ? " (manual)" : ""));
  }
  return Join(environments, ", ");
}

std::string Repositories(const bj::value& app) {
  std::vector<std::string> urls;
  for (const bj::value& repository : List(app, "spec.repositories"))
    urls.push_back(Text(repository, "url"));
  return Join(urls, ", ");
}

std::string Grants(const bj::value& token) {
  std::vector<std::string> grants;
  for (const bj::value& grant : List(token, "spec.grants")) {
    grants.push_back(StateWord(Text(grant, "role")) + " on " + GrantScope(grant));
  }
  return Join(grants, "; ");
}

std::string Who(const bj::value& binding) {
  const std::string user = Text(binding, "spec.user");
  return user.empty() ? "token " + Text(binding, "spec.token") : "user " + user;
}

std::string ServerOf(const bj::value& cluster) {
  if (Object(cluster, "spec").if_contains("kubernetes") == nullptr) return "this machine";
  for (const char* path : {"check.server", "spec.kubernetes.server"}) {
    if (std::string server = Text(cluster, path); !server.empty()) return server;
  }
  if (Text(cluster, "spec.kubernetes.inCluster") == "true") return "its own cluster";
  const std::string context = Text(cluster, "spec.kubernetes.context");
  return "of its kubeconfig" + (context.empty() ? "" : ", context " + context);
}

std::map<std::string_view, Columns> MakeColumns() {
  const Column age = AgeOf("AGE", "createTime");
  const Column name = NameColumn();
  std::map<std::string_view, Columns> all;
  all["Project"] = {name, LongOf("DESCRIPTION", "spec.description"), age};
  all["App"] = {name,
                {"REPOSITORY", [](const bj::value& v, absl::Time) { return Repositories(v); }},
                Of("PORT", "spec.deploy.port"),
                age};
  all["Cluster"] = {name,
                    {"SERVER", [](const bj::value& v, absl::Time) { return ServerOf(v); }},
                    LongOf("STATUS", "check.status"),
                    Of("VERSION", "check.version"),
                    age};
  all["Environment"] = {name, Of("CLUSTER", "spec.cluster"), Of("NAMESPACE", "spec.namespace"),
                        YesOf("PROTECTED", "spec.protected"), age};
  all["Registry"] = {name, Of("URL", "spec.url"), Of("USER", "spec.username"),
                     YesOf("DEFAULT", "spec.default"), age};
  all["GitAccount"] = {name, Of("HOST", "spec.host"), Of("USER", "spec.username"), age};
  all["Workflow"] = {name,
                     {"BUILDS", [](const bj::value& v, absl::Time) { return BuildsFrom(v); }},
                     StateOf("TRIGGER", "spec.source.build.trigger"),
                     {"DEPLOYS TO", [](const bj::value& v, absl::Time) { return DeploysTo(v); }},
                     age};
  all["Variable"] = {name,
                     {"VALUE",
                      [](const bj::value& v, absl::Time) {
                        return Text(v, "spec.masked") == "true"
                                   ? "(masked)"
                                   : Truncate(Text(v, "spec.value"), kLongText);
                      }},
                     YesOf("PROTECTED", "spec.protected"),
                     age};
  all["Secret"] = {name, Of("VERSION", "status.version"), YesOf("PROTECTED", "spec.protected"),
                   age};
  all["Hook"] = {name, StateOf("FORGE", "spec.forge"), Of("URL", "status.url"), age};
  all["GitOpsProvider"] = {name,
                           {"KIND",
                            [](const bj::value& v, absl::Time) {
                              std::string kind = StateWord(Text(v, "spec.provider"));
                              for (char& c : kind) c = c == '_' || c == ' ' ? '-' : c;
                              return kind;
                            }},
                           {"REPOSITORY",
                            [](const bj::value& v, absl::Time) {
                              const std::string url = Text(v, "status.repositoryUrl");
                              return url.empty() ? Text(v, "spec.url") : url;
                            }},
                           Of("BRANCH", "spec.branch"),
                           StateOf("STATE", "status.state"),
                           {"STAGES", [](const bj::value& v, absl::Time) { return Stages(v); }},
                           YesOf("ACTIVE", "status.active"),
                           age};
  all["RoleBinding"] = {
      name,
      {"WHO", [](const bj::value& v, absl::Time) { return Who(v); }},
      StateOf("ROLE", "spec.role"),
      {"ON", [](const bj::value& v, absl::Time) { return GrantScope(Object(v, "spec")); }},
      age};
  all["User"] = {name, Of("DISPLAY NAME", "spec.displayName"), YesOf("DISABLED", "spec.disabled"),
                 age};
  all["Runner"] = {name,
                   {"STATE",
                    [](const bj::value& v, absl::Time) {
                      return Text(v, "status.online") == "true" ? "online" : "offline";
                    }},
                   Of("JOBS", "status.jobs"),
                   Of("SLOTS", "status.slots"),
                   YesOf("PAUSED", "spec.paused"),
                   AgeOf("LAST SEEN", "status.lastSeenTime"),
                   Of("VERSION", "status.version")};
  all["Run"] = {{"RUN", name.cell},
                StateOf("STATE", "state"),
                RefOf("ref"),
                CommitOf("commit"),
                Of("CAUSE", "cause"),
                Of("BY", "actor"),
                age,
                TookOf("startTime", "endTime"),
                LongOf("SUBJECT", "subject"),
                LongOf("REASON", "reason")};
  all["Job"] = {
      {"JOB", name.cell},          StateOf("STATE", "state"),      Of("ATTEMPT", "attempt"),
      ShortOf("RUNNER", "runner"), TookOf("startTime", "endTime"), LongOf("REASON", "reason")};
  all["Image"] = {{"IMAGE", [](const bj::value& v, absl::Time) { return Text(v, "digest"); }},
                  Of("TAG", "tag"),
                  CommitOf("commit"),
                  RefOf("ref"),
                  ShortOf("RUN", "run"),
                  age};
  all["Deployment"] = {{"DEPLOYMENT", name.cell},
                       StateOf("STATE", "status.state"),
                       StateOf("HEALTH", "status.health"),
                       ImageOf("status.image"),
                       CommitOf("status.sourceCommit"),
                       Of("BY", "status.actor"),
                       YesOf("CURRENT", "status.current"),
                       YesOf("PINNED", "status.pinned"),
                       age,
                       // Where an earlier one answered, another does now.
                       {"URL",
                        [](const bj::value& v, absl::Time) {
                          return Text(v, "status.current") == "true" ? Text(v, "status.url") : "";
                        }},
                       LongOf("REASON", "status.reason")};
  all["Delivery"] = {{"DELIVERY", name.cell},
                     StateOf("STATE", "state"),
                     ShortOf("HOOK", "hook"),
                     Of("EVENT", "event"),
                     Of("REPOSITORY", "repository"),
                     RefOf("ref"),
                     CommitOf("commit"),
                     age,
                     LongOf("OUTCOME", "outcome")};
  all["Token"] = {
      name,
      {"MAY", [](const bj::value& v, absl::Time) { return Grants(v); }},
      Of("BEGINS WITH", "status.hint"),
      {"EXPIRES",
       [](const bj::value& v, absl::Time) { return Text(v, "status.expireTime").substr(0, 10); }},
      AgeOf("LAST USED", "status.lastUsedTime"),
      Of("CREATOR", "status.creator")};
  return all;
}

// What no row has needs no place.
void DropEmptyColumns(Table& table) {
  for (size_t i = table.header.size(); i-- > 1;) {
    const bool empty = std::all_of(table.rows.begin(), table.rows.end(),
                                   [i](const auto& row) { return row[i].empty(); });
    if (!empty) continue;
    table.header.erase(table.header.begin() + static_cast<std::ptrdiff_t>(i));
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

std::string GrantScope(const bj::value& grant) {
  const std::string app = Text(grant, "app");
  const std::string project = Text(grant, "project");
  const std::string environment = Text(grant, "environment");
  std::string scope = !app.empty()       ? "app " + project + "/" + app
                      : !project.empty() ? "project " + project
                                         : "";
  if (!environment.empty()) scope += (scope.empty() ? "environment " : " in ") + environment;
  return scope.empty() ? "everything" : scope;
}

Table TableOf(const Kind& kind, const bj::array& resources, absl::Time now) {
  const std::map<std::string_view, Columns> all = MakeColumns();
  const auto found = all.find(kind.name);
  const Columns columns = found == all.end() ? Columns{NameColumn()} : found->second;
  Table table;
  for (const Column& column : columns) table.header.push_back(column.title);
  for (const bj::value& resource : resources) {
    auto& row = table.rows.emplace_back();
    for (const Column& column : columns) row.push_back(column.cell(resource, now));
  }
  DropEmptyColumns(table);
  return table;
}

}  // namespace slipway::cli
