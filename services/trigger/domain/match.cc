#include "services/trigger/domain/match.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "libs/base/strings.h"
#include "services/trigger/domain/path_glob.h"

namespace slipway::trigger {
namespace {

namespace pipelinepb = slipway::pipeline::v1;
using Verdict = MatchResult::Verdict;

std::string Quoted(std::string_view text) { return "\"" + Truncate(text, 200) + "\""; }

template <typename Patterns>
const std::string* FirstMatch(const Patterns& patterns, const std::string& path) {
  for (const std::string& pattern : patterns) {
    if (GlobMatches(pattern, path)) return &pattern;
  }
  return nullptr;
}

MatchResult MatchPaths(const pipelinepb::PathFilter& filter,
                       const std::vector<std::string>& paths) {
  const std::string field = "spec.source.build.from.paths";
  if (paths.empty()) {
    return {Verdict::kSkip,
            field,
            "the push changed no path, and spec.source.build.from.paths asks for one",
            {}};
  }
  std::string excluded;
  std::string not_included;
  for (const std::string& path : paths) {
    if (FirstMatch(filter.exclude(), path) != nullptr) {
      if (excluded.empty()) excluded = path;
      continue;
    }
    if (!filter.include().empty() && FirstMatch(filter.include(), path) == nullptr) {
      if (not_included.empty()) not_included = path;
      continue;
    }
    return {Verdict::kStart, field, "changed " + Quoted(path), {{"path", path}}};
  }
  if (not_included.empty()) {
    return {Verdict::kSkip,
            field + ".exclude",
            "every changed path is excluded by " + field + " (" + Truncate(excluded, 200) + ")",
            {{"path", excluded}, {"paths", std::to_string(paths.size())}}};
  }
  return {Verdict::kSkip,
          field + ".include",
          "no changed path is included by " + field + " (" + Truncate(not_included, 200) + ")",
          {{"path", not_included}, {"paths", std::to_string(paths.size())}}};
}

// The rule on the ref; kStart means that it holds.
MatchResult MatchRef(const forge::Event& event, const pipelinepb::BuildFrom& from) {
  const std::string ref = event.ShortRef();
  if (!event.IsBranch()) {
    return {Verdict::kSkip,
            "spec.source.build.from",
            std::string(event.IsTag() ? "tag " : "ref ") + Quoted(ref) +
                " is no branch, and this workflow builds branches",
            {{"ref", event.ref}}};
  }
  if (from.ref_case() == pipelinepb::BuildFrom::kBranchRegex) {
    const std::string field = "spec.source.build.from.branchRegex";
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(8 << 20);
    const RE2 pattern(from.branch_regex(), options);
    const bool matches = pattern.ok() && RE2::PartialMatch(ref, pattern);
    return {matches ? Verdict::kStart : Verdict::kSkip,
            field,
            "branch " + Quoted(ref) + (matches ? " matches " : " does not match ") +
                Quoted(from.branch_regex()),
            {{"branch", ref}, {"branchRegex", from.branch_regex()}}};
  }
  if (ref == from.branch()) {
    return {Verdict::kStart, "spec.source.build.from.branch", "branch " + ref, {{"branch", ref}}};
  }
  return {Verdict::kSkip,
          "spec.source.build.from.branch",
          "branch " + Quoted(ref) + " is not branch " + Quoted(from.branch()),
          {{"branch", ref}, {"expected", from.branch()}}};
}

}  // namespace

MatchResult Match(const forge::Event& event, const pipelinepb::Workflow& workflow,
                  const std::optional<std::vector<std::string>>& changed_paths) {
  const pipelinepb::BuildSource& build = workflow.spec().source().build();
  if (event.deleted) {
    return {Verdict::kSkip,
            "event.deleted",
            "the push deleted " + Quoted(event.ShortRef()) + ": there is nothing to build",
            {{"ref", event.ref}}};
  }
  MatchResult by_ref = MatchRef(event, build.from());
  if (by_ref.verdict != Verdict::kStart) return by_ref;
  if (build.trigger() == pipelinepb::MANUAL) {
    return {Verdict::kSkip,
            "spec.source.build.trigger",
            "its trigger is manual: start it with `slipway run`",
            {{"trigger", "manual"}}};
  }
  const pipelinepb::PathFilter& filter = build.from().paths();
  if (filter.include().empty() && filter.exclude().empty()) return by_ref;
  if (!changed_paths) return {Verdict::kNeedsPaths, "spec.source.build.from.paths", "", {}};
  MatchResult by_path = MatchPaths(filter, *changed_paths);
  if (by_path.verdict == Verdict::kStart) {
    by_path.message = by_ref.message + ", " + by_path.message;
    by_path.values.merge(by_ref.values);
  }
  return by_path;
}

std::optional<std::vector<std::string>> PathsOf(const forge::Event& event) {
  if (!event.commits_complete) return std::nullopt;
  std::set<std::string> paths;
  for (const forge::PushedCommit& commit : event.commits) {
    paths.insert(commit.added.begin(), commit.added.end());
    paths.insert(commit.removed.begin(), commit.removed.end());
    paths.insert(commit.modified.begin(), commit.modified.end());
  }
  return std::vector<std::string>(paths.begin(), paths.end());
}

}  // namespace slipway::trigger
