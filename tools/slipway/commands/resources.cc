#include "tools/slipway/commands/resources.h"

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/yaml/writer.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/cluster_checks.h"
#include "tools/slipway/commands/tables.h"
#include "tools/slipway/manifest/manifest.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

bj::value DocumentOf(const Kind& kind, const bj::value& resource, Format format) {
  if (kind.applied) return ToManifest(kind, resource);
  return format == Format::kJson ? resource : WithoutEmpty(resource);
}

void ShowMany(Context& context, const Kind& kind, const bj::array& resources,
              const std::string& none) {
  Output& output = context.output;
  if (output.format() == Format::kYaml && kind.applied) {
    std::string text;
    for (const bj::value& resource : resources) {
      text += (text.empty() ? "" : "---\n") + yaml::Write(ToManifest(kind, resource));
    }
    return output.Raw(text);
  }
  bj::array documents;
  if (!output.for_people()) {
    for (const bj::value& resource : resources)
      documents.push_back(DocumentOf(kind, resource, output.format()));
  }
  output.Answer(documents, TableOf(kind, resources, absl::Now()), none);
}

struct FoundPipeline {
  std::string name;  // projects/P/apps/A/workflows/W/deploymentPipelines/E
  bj::value pipeline;
};

// An environment has one deployment pipeline in an app, whichever workflow it is in.
absl::StatusOr<FoundPipeline> FindPipeline(Context& context, const Kind& kind,
                                           const std::string& typed) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(kind, typed, context.scope));
  const std::vector<std::string> parts = Split(name, '/');
  if (parts.size() == 8) return FoundPipeline{.name = name, .pipeline = bj::object()};
  const std::string app = Join({parts.begin(), parts.begin() + 4}, "/");
  SLIPWAY_ASSIGN_OR_RETURN(const bj::array workflows,
                           context.api.GetAll(Path(app + "/workflows"), "workflows", 1000));
  std::vector<std::string> known;
  for (const bj::value& workflow : workflows) {
    for (const bj::value& pipeline : List(workflow, "spec.deploymentPipelines")) {
      const std::string environment = Text(pipeline, "environment");
      if (environment == parts.back()) {
        return FoundPipeline{.name = Text(workflow, "name") + "/deploymentPipelines/" + environment,
                             .pipeline = pipeline};
      }
      known.push_back(environment);
    }
  }
  return NothingThere("app " + ShortName(app) + " has no deployment pipeline to \"" + parts.back() +
                      "\"" + (known.empty() ? "" : "; it has " + Join(known, ", ")));
}

absl::Status GetPipeline(Context& context, const Kind& kind, const std::string& typed) {
  if (typed.empty()) return BadUsage("which one? write APP/ENVIRONMENT, like hello/prod");
  SLIPWAY_ASSIGN_OR_RETURN(const FoundPipeline found, FindPipeline(context, kind, typed));
  const std::vector<std::string> parts = Split(found.name, '/');
  Table table{.header = {"NAME", "WORKFLOW", "AFTER", "TRIGGER"}, .rows = {}};
  table.rows.push_back({parts[1] + "/" + parts[3] + "/" + parts[7], parts[5],
                        Text(found.pipeline, "after"), StateWord(Text(found.pipeline, "trigger"))});
  context.output.Answer(WithoutEmpty(found.pipeline), table);
  return absl::OkStatus();
}

void DescribeHook(Context& context, const bj::value& hook) {
  std::vector<std::string> events;
  for (const bj::value& event : List(hook, "status.events"))
    events.emplace_back(event.get_string());
  std::vector<std::string> repositories;
  for (const bj::value& url : List(hook, "spec.repositories"))
    repositories.emplace_back(url.get_string());
  Table table;
  table.rows = {
      {"Hook", ShortName(Text(hook, "name"))}, {"Forge", StateWord(Text(hook, "spec.forge"))},
      {"URL", Text(hook, "status.url")},       {"Content type", Text(hook, "status.contentType")},
      {"Events", Join(events, ", ")},          {"Repositories", Join(repositories, ", ")}};
  for (const auto& [reason, count] : Object(hook, "status.refused")) {
    table.rows.push_back(
        {"Refused", std::string(reason) + ": " + Text(bj::value{{"n", count}}, "n")});
  }
  context.output.Raw(table.Render());
  context.output.Line("Set URL, content type, events and the hook's secret in the forge.");
}

}  // namespace

absl::Status ShowList(Context& context, const Kind& kind, const Path& path, size_t limit,
                      const std::string& none) {
  SLIPWAY_ASSIGN_OR_RETURN(bj::array resources, context.api.GetAll(path, kind.collection, limit));
  if (kind.name == "Cluster" && context.output.for_people()) AddChecks(context, resources);
  ShowMany(context, kind, resources, none);
  return absl::OkStatus();
}

absl::StatusOr<bj::value> GetNamed(Context& context, const Kind& kind, const std::string& name) {
  absl::StatusOr<bj::value> resource = context.api.Get(Path(name));
  constexpr std::string_view kLatest = "/latest";
  if (!absl::IsNotFound(resource.status()) || !name.ends_with(kLatest)) return resource;
  const std::string list = name.substr(0, name.size() - kLatest.size());
  return NothingThere(ShortName(list.substr(0, list.rfind('/'))) + " has no " + CommandWord(kind) +
                      " yet, or you may not see it");
}

absl::Status Get(Context& context, const ResourceArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind(args.kind));
  if (kind->scope == Scope::kDeploymentPipeline) return GetPipeline(context, *kind, args.name);
  if (args.name.empty()) {
    if (kind->scope == Scope::kJob)
      return BadUsage("of which run? write: slipway get run APP/WORKFLOW#NUMBER -o yaml");
    SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, ParentName(*kind, context.scope));
    const std::string list = (parent.empty() ? "" : parent + "/") + std::string(kind->collection);
    return ShowList(context, *kind, Path(list), args.limit,
                    "there is no " + CommandWord(*kind) + " here");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(*kind, args.name, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value resource, GetNamed(context, *kind, name));
  bj::array rows{resource};
  if (kind->name == "Cluster" && context.output.for_people()) AddChecks(context, rows);
  context.output.Answer(DocumentOf(*kind, resource, context.output.format()),
                        TableOf(*kind, rows, absl::Now()));
  return absl::OkStatus();
}

absl::Status Describe(Context& context, const ResourceArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind(args.kind));
  if (args.name.empty())
    return BadUsage("describe what? write: slipway describe " + CommandWord(*kind) + " NAME");
  if (kind->scope == Scope::kDeploymentPipeline) {
    SLIPWAY_ASSIGN_OR_RETURN(const FoundPipeline found, FindPipeline(context, *kind, args.name));
    context.output.Document(WithoutEmpty(found.pipeline));
    return absl::OkStatus();
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(*kind, args.name, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value resource, GetNamed(context, *kind, name));
  if (context.output.for_people() && kind->name == "Hook") {
    DescribeHook(context, resource);
    return absl::OkStatus();
  }
  context.output.Document(DocumentOf(*kind, resource, context.output.format()));
  return absl::OkStatus();
}

absl::Status Delete(Context& context, const ResourceArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind(args.kind));
  std::string name;
  if (kind->scope == Scope::kDeploymentPipeline) {
    SLIPWAY_ASSIGN_OR_RETURN(const FoundPipeline found, FindPipeline(context, *kind, args.name));
    name = found.name;
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(name, ResourceName(*kind, args.name, context.scope));
  }
  const std::string word = CommandWord(*kind);
  std::string confirmed = args.confirm;
  if (confirmed.empty() &&
      !Ask("This deletes " + word + " " + args.name + ". Type its name to go on: ", false,
           confirmed)) {
    return BadUsage("deleting asks for the name; repeat it: --confirm " + args.name);
  }
  // The full name is as good as the short one.
  const auto confirmed_name = ResourceName(*kind, confirmed, context.scope);
  const auto typed_name = ResourceName(*kind, args.name, context.scope);
  if (!confirmed_name.ok() || !typed_name.ok() || *confirmed_name != *typed_name) {
    return BadUsage("\"" + Truncate(confirmed, 100) + "\" is not " + args.name +
                    "; nothing was deleted");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer, context.api.Delete(Path(name)));
  if (!context.output.for_people()) {
    context.output.Document(answer);
  } else {
    const bool going = Text(answer, "status.state") == "DELETING";
    context.output.Line(word + " " + args.name + (going ? "  is being deleted" : "  deleted"));
  }
  return absl::OkStatus();
}

}  // namespace slipway::cli
