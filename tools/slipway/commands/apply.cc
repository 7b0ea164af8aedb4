#include "tools/slipway/commands/apply.h"

#include <iostream>
#include <iterator>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/commands/check.h"
#include "tools/slipway/manifest/manifest.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

absl::StatusOr<Manifest> Load(const Context& context, const std::string& path) {
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
  return ReadManifest(path == "-" ? "standard input" : path, text, sources);
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
    after = context.api.Patch(PatchPath(item, /*validate_only=*/false), item.resource);
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
  SLIPWAY_ASSIGN_OR_RETURN(Manifest manifest, Load(context, args.file));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> outcomes,
                           CheckManifest(context, manifest));
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
