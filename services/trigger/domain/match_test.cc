#include "services/trigger/domain/match.h"

#include <catch2/catch.hpp>

namespace slipway::trigger {
namespace {

namespace pipelinepb = slipway::pipeline::v1;
using Verdict = MatchResult::Verdict;

forge::Event Push(const std::string& ref,
                  std::vector<std::vector<std::string>> commits = {{"src/a.c"}}) {
  forge::Event event;
  event.kind = forge::Event::Kind::kPush;
  event.ref = ref;
  for (auto& paths : commits) event.commits.push_back({.modified = std::move(paths)});
  event.commits_complete = true;
  return event;
}

pipelinepb::Workflow OnBranch(const std::string& branch) {
  pipelinepb::Workflow workflow;
  workflow.mutable_spec()->mutable_source()->mutable_build()->mutable_from()->set_branch(branch);
  return workflow;
}

pipelinepb::Workflow OnRegex(const std::string& regex) {
  pipelinepb::Workflow workflow;
  workflow.mutable_spec()->mutable_source()->mutable_build()->mutable_from()->set_branch_regex(
      regex);
  return workflow;
}

pipelinepb::PathFilter& Paths(pipelinepb::Workflow& workflow) {
  return *workflow.mutable_spec()
              ->mutable_source()
              ->mutable_build()
              ->mutable_from()
              ->mutable_paths();
}

MatchResult Run(const forge::Event& event, const pipelinepb::Workflow& workflow) {
  return Match(event, workflow, PathsOf(event));
}

}  // namespace

TEST_CASE("a branch matches by its whole name") {
  CHECK(Run(Push("refs/heads/main"), OnBranch("main")).verdict == Verdict::kStart);
  CHECK(Run(Push("refs/heads/feature/x"), OnBranch("feature/x")).verdict == Verdict::kStart);
  const auto other = Run(Push("refs/heads/feature/x"), OnBranch("main"));
  CHECK(other.verdict == Verdict::kSkip);
  CHECK(other.message == "branch \"feature/x\" is not branch \"main\"");
  CHECK(Run(Push("refs/heads/main2"), OnBranch("main")).verdict == Verdict::kSkip);
}

TEST_CASE("a branch pattern is RE2 and not anchored") {
  CHECK(Run(Push("refs/heads/my-feature2"), OnRegex("feature")).verdict == Verdict::kStart);
  CHECK(Run(Push("refs/heads/release/1.2"), OnRegex("^release/[0-9.]+$")).verdict ==
        Verdict::kStart);
  CHECK(Run(Push("refs/heads/x-release/1.2"), OnRegex("^release/")).verdict == Verdict::kSkip);
  CHECK(Run(Push("refs/heads/" + std::string(50'000, 'a')), OnRegex("(a+)+$b")).verdict ==
        Verdict::kSkip);
}

TEST_CASE("tags, other refs and deletions start nothing and say so") {
  CHECK(Run(Push("refs/tags/v1"), OnBranch("v1")).verdict == Verdict::kSkip);
  CHECK(Run(Push("refs/notes/x"), OnRegex(".*")).verdict == Verdict::kSkip);
  forge::Event deleted = Push("refs/heads/main");
  deleted.deleted = true;
  CHECK(Run(deleted, OnBranch("main")).message.find("deleted") != std::string::npos);
}

TEST_CASE("a manual workflow waits for a person") {
  auto workflow = OnBranch("main");
  workflow.mutable_spec()->mutable_source()->mutable_build()->set_trigger(pipelinepb::MANUAL);
  const auto result = Run(Push("refs/heads/main"), workflow);
  CHECK(result.verdict == Verdict::kSkip);
  CHECK(result.rule == "spec.source.build.trigger");
}

TEST_CASE("path filters look at all commits of a push") {
  auto workflow = OnBranch("main");
  Paths(workflow).add_exclude("docs/**");
  CHECK(Run(Push("refs/heads/main", {{"docs/a.md"}, {"docs/b.md"}}), workflow).verdict ==
        Verdict::kSkip);
  CHECK(Run(Push("refs/heads/main", {{"docs/a.md"}, {"docs/b.md"}}), workflow).message ==
        "every changed path is excluded by spec.source.build.from.paths (docs/a.md)");
  // The first commit counts as much as the last.
  CHECK(Run(Push("refs/heads/main", {{"src/a.c"}, {"docs/b.md"}}), workflow).verdict ==
        Verdict::kStart);
  Paths(workflow).add_include("src/**");
  CHECK(Run(Push("refs/heads/main", {{"Makefile"}}), workflow).verdict == Verdict::kSkip);
  CHECK(Run(Push("refs/heads/main", {{"Makefile", "src/x"}}), workflow).verdict == Verdict::kStart);
}

TEST_CASE("an incomplete list of commits asks for the paths, but only where a filter needs them") {
  forge::Event event = Push("refs/heads/main");
  event.commits_complete = false;
  auto workflow = OnBranch("main");
  CHECK(Run(event, workflow).verdict == Verdict::kStart);
  Paths(workflow).add_exclude("docs/**");
  CHECK(Run(event, workflow).verdict == Verdict::kNeedsPaths);
  CHECK(Match(event, workflow, std::vector<std::string>{"docs/x"}).verdict == Verdict::kSkip);
  CHECK(Match(event, workflow, std::vector<std::string>{}).verdict == Verdict::kSkip);
}

}  // namespace slipway::trigger
