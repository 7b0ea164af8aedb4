#include "tools/slipway/commands/explain.h"

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/resources.h"
#include "tools/slipway/commands/runs.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr size_t kUlidLength = 26;
constexpr size_t kWidestCell = 64;

bool IsUlid(std::string_view text) {
  return text.size() == kUlidLength &&
         text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string_view::npos;
}

absl::StatusOr<std::string> NewestDeployment(Context& context, const std::string& typed) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("deployment"));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, ResourceName(*kind, typed, context.scope));
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value deployment, GetNamed(context, *kind, name));
  return Text(deployment, "name");
}

// A resource name is taken as it is; a word is the thing that it looks like.
absl::StatusOr<std::string> Subject(Context& context, const std::string& typed) {
  if (typed.starts_with("projects/") || typed.starts_with("deliveries/")) return typed;
  if (IsUlid(typed)) return "deliveries/" + typed;
  const size_t hash = typed.find('#');
  if (hash != std::string::npos && typed.find('/', hash) != std::string::npos) {
    SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("job"));
    return ResourceName(*kind, typed, context.scope);
  }
  const auto run = FindRun(context, typed);
  if (run.ok()) {
    if (hash == std::string::npos) return run;
    // "hello/dev#3" may be a deployment as well.
    const auto known = context.api.Get(Path(*run));
    if (!absl::IsNotFound(known.status())) return run;
  } else if (!absl::IsNotFound(run.status())) {
    return run.status();
  }
  if (typed.find('/') != std::string::npos) {
    if (const auto deployment = NewestDeployment(context, typed); deployment.ok())
      return deployment;
  }
  return run;
}

std::string WhyText(const bj::value& record) {
  const std::string rule = Text(record, "rule");
  return rule.empty() ? "" : "why: " + rule;
}

// An image's own name is an id that nobody types.
std::string SubjectName(const std::string& name) {
  const size_t images = name.find("/images/");
  return images == std::string::npos ? ShortName(name)
                                     : ShortName(name.substr(0, images)) + " image";
}

std::string SubjectOf(const bj::value& record) {
  // What a delivery decided is about the workflow.
  for (const bj::value& related : List(record, "related")) {
    if (Text(record, "kind") == "delivery" && related.is_string())
      return SubjectName(std::string(related.get_string()));
  }
  return SubjectName(Text(record, "subject"));
}

void ShowDelivery(Output& output, const bj::value& delivery) {
  const std::string outcome = Text(delivery, "outcome");
  output.Line(outcome.empty()
                  ? StateWord(Text(delivery, "state")) + ": its outcome does not stand yet"
                  : outcome);
  Table table;
  for (const bj::value& match : List(delivery, "matches")) {
    const std::string run = Text(match, "run");
    const std::string reason = Text(match, "reason");
    table.rows.push_back(
        {ShortName(Text(match, "workflow")),
         run.empty() ? "not started: " + reason : "started " + ShortName(run) + ": " + reason});
  }
  output.Raw(table.Render(2));
}

void ShowDecisions(Output& output, const std::string& head, const bj::array& records) {
  output.Line(head);
  Table table{.header = {}, .rows = {}, .widest = kWidestCell};
  for (const bj::value& record : records) {
    table.rows.push_back({StateWord(Text(record, "verdict")), SubjectOf(record),
                          WithStateWords(Text(record, "message")), WhyText(record)});
  }
  output.Raw(table.Render(2));
}

// "demo/hello/main#7  failed: the tests ended with exit code 2".
std::string HeadOf(const bj::value& resource) {
  const std::string digest = Text(resource, "digest");
  if (!digest.empty()) {
    const std::vector<std::string> parts = Split(Text(resource, "name"), '/');
    return ShortName(Join({parts.begin(), parts.begin() + 4}, "/")) + "/" + digest + "  built by " +
           ShortName(Text(resource, "run"));
  }
  const bool deployment = !Object(resource, "status").empty();
  const std::string state = StateWord(Text(resource, deployment ? "status.state" : "state"));
  const std::string reason = Text(resource, deployment ? "status.reason" : "reason");
  return ShortName(Text(resource, "name")) + (state.empty() ? "" : "  " + state) +
         (reason.empty() ? "" : ": " + reason);
}

}  // namespace

absl::Status Timeline(Context& context, const std::string& typed) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, Subject(context, typed));
  Path path("timeline");
  path.With("name", name);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value timeline, context.api.Get(path));
  const bj::array& records = List(timeline, "records");
  if (context.output.for_people() && records.empty())
    return NothingThere("nothing is recorded about " + typed);
  Table table{.header = {}, .rows = {}, .widest = kWidestCell};
  const absl::Time begin =
      records.empty() ? absl::InfinitePast() : ParseTimestamp(Text(records.front(), "time"));
  for (const bj::value& record : records) {
    table.rows.push_back({Offset(ParseTimestamp(Text(record, "time")) - begin),
                          WithStateWords(Text(record, "message")), WhyText(record)});
  }
  if (!context.output.for_people()) {
    context.output.Document(timeline);
  } else {
    context.output.Raw(table.Render(2));
  }
  return absl::OkStatus();
}

absl::Status Why(Context& context, const std::string& word, const std::string& typed) {
  const std::vector<std::string> explained = {"delivery", "run", "job", "deployment", "image"};
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind(word));
  if (std::find(explained.begin(), explained.end(), CommandWord(*kind)) == explained.end()) {
    return UnknownWord("kind", word, explained);
  }
  std::string name;
  if (kind->name == "Run") {
    SLIPWAY_ASSIGN_OR_RETURN(name, FindRun(context, typed));
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(name, ResourceName(*kind, typed, context.scope));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value resource, GetNamed(context, *kind, name));
  // "latest" and digests stand for a name.
  name = Text(resource, "name");
  Path path("decisions");
  path.With("name", name);
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value decisions, context.api.Get(path));
  if (!context.output.for_people()) {
    context.output.Document(decisions);
  } else if (kind->name == "Delivery" && !List(resource, "matches").empty()) {
    ShowDelivery(context.output, resource);
  } else {
    const std::string outcome = Text(resource, "outcome");
    ShowDecisions(context.output, outcome.empty() ? HeadOf(resource) : outcome,
                  List(decisions, "records"));
  }
  return absl::OkStatus();
}

}  // namespace slipway::cli
