#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/forge/event.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::trigger {

// What matching one workflow against one event came to.
struct MatchResult {
  enum class Verdict { kStart, kSkip, kNeedsPaths };
  Verdict verdict = Verdict::kSkip;
  std::string rule = {};     // field path of the rule that decided: "spec.source.build.from.branch"
  std::string message = {};  // one sentence: "branch \"feature/x\" is not branch \"main\""
  std::map<std::string, std::string> values = {};
};

// Decides whether a push starts a build of `workflow`. Pure. `changed_paths` are those over all
// commits of the push; without them the answer may be kNeedsPaths, and never is with them.
MatchResult Match(const forge::Event& event, const slipway::pipeline::v1::Workflow& workflow,
                  const std::optional<std::vector<std::string>>& changed_paths);

// The paths that the commits of the push list, each once and sorted; empty when the list is not
// complete.
std::optional<std::vector<std::string>> PathsOf(const forge::Event& event);

}  // namespace slipway::trigger
