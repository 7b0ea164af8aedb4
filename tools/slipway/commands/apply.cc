#include "tools/slipway/commands/apply.h"

#include <iostream>
#include <iterator>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/manifest/errors.h"
#include "tools/slipway/manifest/manifest.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

struct Manifest {
  std::string file;  // as shown
  std::vector<ManifestItem> items;
};

absl::StatusOr<Manifest> Load(const Context& context, const std::string& path) {
  Manifest manifest{.file = path == "-" ? "standard input" : path, .items = {}};
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    absl::StatusOr<std::string> content = ReadFile(path, 16 << 20);
    if (!content.ok()) return BadUsage(MessageOf(content.status()));
    text = *std::move(content);
  }
  const size_t slash = path.rfind('/');
  ManifestSources sources;
  sources.variables = [&context](const std::string& name) {
    return context.settings.Variable(name);
  };
  sources.project = context.scope.project;
  sources.folder = slash == std::string::npos ? "." : path.substr(0, slash);
  SLIPWAY_ASSIGN_OR_RETURN(manifest.items, ReadManifest(manifest.file, text, sources));
  return manifest;
}

// Errors of one document, as opposed to those of the connection or the caller.
bool IsAboutDocument(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsAlreadyExists(status) || absl::IsNotFound(status) || absl::IsOutOfRange(status);
}

std::vector<std::string> Describe(const Manifest& manifest, const ManifestItem& item,
                                  const absl::Status& status) {
  std::vector<std::string> lines;
  for (const auto& violation : DetailsOf(status).field_violations) {
    lines.push_back(item.Describe(manifest.file, violation.field, violation.description));
  }
  if (lines.empty()) lines.push_back(item.Describe(manifest.file, "", MessageOf(status)));
  return lines;
}

Path PatchPath(const ManifestItem& item, bool validate_only) {
  Path path(item.name);
  if (item.kind->creates_by_patch)
    path.With("allowMissing", "true").With("validateOnly", validate_only ? "true" : "");
  return path;
}

// "resources[3].workflow.spec.x" is about the fourth.
size_t IndexOf(std::string_view field) {
  constexpr std::string_view kPrefix = "resources[";
  if (!field.starts_with(kPrefix)) return std::string::npos;
  size_t index = 0;
  for (const char c : field.substr(kPrefix.size())) {
    if (c < '0' || c > '9' || index > 10'000) break;
    index = index * 10 + static_cast<size_t>(c - '0');
  }
  return index;
}

// Definitions are checked together, since one may refer to another that is created before it.
absl::Status CheckSet(Context& context, const Manifest& manifest,
                      std::vector<std::string>& outcomes, std::vector<std::string>& problems) {
  bj::array resources;
  std::vector<size_t> places;
  for (size_t i = 0; i < manifest.items.size(); ++i) {
    const ManifestItem& item = manifest.items[i];
    if (item.kind->set_member.empty()) continue;
    bj::object resource;
    resource[{item.kind->set_member.data(), item.kind->set_member.size()}] = item.resource;
    resources.push_back(std::move(resource));
    places.push_back(i);
  }
  if (resources.empty()) return absl::OkStatus();
  const auto answer =
      context.api.Post(Path("resources", "validate"), {{"resources", std::move(resources)}});
  if (!answer.ok()) {
    const auto violations = DetailsOf(answer.status()).field_violations;
    for (const auto& violation : violations) {
      const size_t index = IndexOf(violation.field);
      if (index >= places.size()) return answer.status();
      problems.push_back(manifest.items[places[index]].Describe(manifest.file, violation.field,
                                                                violation.description));
    }
    return violations.empty() ? answer.status() : absl::OkStatus();
  }
  const bj::array& results = List(*answer, "results");
  for (size_t i = 0; i < places.size() && i < results.size(); ++i) {
    const ManifestItem& item = manifest.items[places[i]];
    outcomes[places[i]] = Text(results[i], "outcome");
    for (const bj::value& violation : List(results[i], "violations")) {
      problems.push_back(
          item.Describe(manifest.file, Text(violation, "field"), Text(violation, "description")));
    }
    if (outcomes[places[i]] == "REFUSED" && List(results[i], "violations").empty()) {
      problems.push_back(item.Describe(manifest.file, "", "is refused"));
    }
  }
  return absl::OkStatus();
}

// The resource as it is; null if there is none.
absl::StatusOr<bj::value> Current(Context& context, const ManifestItem& item) {
  absl::StatusOr<bj::value> current = context.api.Get(Path(item.name));
  if (absl::IsNotFound(current.status())) return bj::value(nullptr);
  return current;
}

absl::Status CheckOne(Context& context, const Manifest& manifest, size_t index,
                      std::vector<std::string>& outcomes, std::vector<std::string>& problems) {
  const ManifestItem& item = manifest.items[index];
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value current, Current(context, item));
  outcomes[index] = current.is_null() ? "CREATED" : "UPDATED";
  if (!item.kind->creates_by_patch) return absl::OkStatus();
  const auto checked = context.api.Patch(PatchPath(item, true), item.resource);
  if (!checked.ok()) {
    if (!IsAboutDocument(checked.status())) return checked.status();
    for (std::string& line : Describe(manifest, item, checked.status()))
      problems.push_back(std::move(line));
  } else if (!current.is_null() && Object(current, "spec") == Object(*checked, "spec")) {
    outcomes[index] = "UNCHANGED";
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CheckAll(Context& context, const Manifest& manifest) {
  std::vector<std::string> outcomes(manifest.items.size());
  std::vector<std::string> problems;
  SLIPWAY_RETURN_IF_ERROR(CheckSet(context, manifest, outcomes, problems));
  for (size_t i = 0; i < manifest.items.size(); ++i) {
    if (!manifest.items[i].kind->set_member.empty()) continue;
    SLIPWAY_RETURN_IF_ERROR(CheckOne(context, manifest, i, outcomes, problems));
  }
  if (!problems.empty()) return ManifestInvalid(problems);
  return outcomes;
}

struct Applied {
  std::string outcome;  // "created", "updated", "unchanged"
  std::string secret;   // generated, shown once
};

absl::StatusOr<Applied> ApplyOne(Context& context, const ManifestItem& item) {
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value before, Current(context, item));
  absl::StatusOr<bj::value> after;
  if (before.is_null() && !item.kind->creates_by_patch) {
    const size_t slash = item.name.rfind('/');
    Path path(item.kind->collection);
    path.With(CommandWord(*item.kind) + "Id", item.name.substr(slash + 1));
    after = context.api.Post(path, {{"spec", item.resource.at("spec")}});
  } else {
    after = context.api.Patch(PatchPath(item, false), item.resource);
  }
  if (!after.ok()) return after.status();
  Applied applied{.outcome = "created", .secret = Text(*after, "status.secret")};
  if (applied.secret.empty()) applied.secret = Text(*after, "status.token");
  if (before.is_null()) return applied;
  const std::string etag = Text(*after, "etag");
  const bool same = etag.empty() ? Object(before, "spec") == Object(*after, "spec")
                                 : etag == Text(before, "etag");
  applied.outcome = same ? "unchanged" : "updated";
  return applied;
}

std::string Shown(const ManifestItem& item) {
  return CommandWord(*item.kind) + " " + ShortName(item.name);
}

// Says what was done before a failure, beside the failure.
absl::Status StoppedAt(const Manifest& manifest, size_t index, const absl::Status& status) {
  std::vector<std::string> lines = Describe(manifest, manifest.items[index], status);
  lines.push_back("slipway: stopped at " + Shown(manifest.items[index]) + "; " +
                  std::to_string(index) + " of " + std::to_string(manifest.items.size()) +
                  " documents are applied, the others are as they were");
  ErrorDetails details;
  details.reason = "MANIFEST_INVALID";
  return MakeError(status.code(), Join(lines, "\n"), std::move(details));
}

}  // namespace

absl::Status Apply(Context& context, const ApplyArgs& args) {
  SLIPWAY_ASSIGN_OR_RETURN(const Manifest manifest, Load(context, args.file));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> outcomes, CheckAll(context, manifest));
  size_t width = 20;
  for (const ManifestItem& item : manifest.items) width = std::max(width, Shown(item).size());
  bj::array answer;
  for (size_t i = 0; i < manifest.items.size(); ++i) {
    const ManifestItem& item = manifest.items[i];
    Applied applied{.outcome = ToLower(outcomes[i]), .secret = {}};
    if (!args.dry_run) {
      auto result = ApplyOne(context, item);
      if (!result.ok()) return StoppedAt(manifest, i, result.status());
      applied = *std::move(result);
    }
    const std::string shown = Shown(item);
    const bool would = args.dry_run && applied.outcome != "unchanged";
    context.output.Line(shown + std::string(width + 2 - shown.size(), ' ') +
                        (would ? "would be " : "") + applied.outcome);
    if (!applied.secret.empty()) context.output.Line("  its secret, shown once: " + applied.secret);
    bj::object entry = {
        {"kind", std::string(item.kind->name)}, {"name", item.name}, {"outcome", applied.outcome}};
    if (!applied.secret.empty()) entry["secret"] = applied.secret;
    answer.push_back(std::move(entry));
  }
  if (!context.output.for_people()) context.output.Document(answer);
  return absl::OkStatus();
}

}  // namespace slipway::cli
