#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "slipway/pipeline/v1/resources.pb.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::plan {

// A variable or secret that is in reach of the workflow, by its scope.
struct ScopedVariable {
  std::string key;     // name that steps see
  std::string value;   // plain text, or
  std::string secret;  // secret with its version: projects/P/secrets/S@3
  bool masked = false;
};

// The commit that a run is for.
struct CommitFacts {
  std::string sha;      // 40 hex digits
  std::string ref;      // full name of a ref that contains it: refs/heads/main
  std::string subject;  // first line of the message
  std::string author;   // "Name <mail>"
  absl::Time time;
};

// Everything that a Plan depends on. The definitions have been validated when they were saved.
struct CompileInput {
  std::string workflow_name;  // projects/P/apps/A/workflows/W
  pipeline::v1::WorkflowSpec workflow;
  pipeline::v1::AppSpec app;
  std::string app_uid;
  std::vector<std::string> deleting_environments;  // left out of the targets
  std::string registry_name;                       // registries/R
  std::string registry_host;              // host, with the port where it is not the scheme's own
  bool registry_insecure = false;         // plain HTTP
  std::vector<ScopedVariable> variables;  // outer scope first: a later one of the same key wins
  std::map<std::string, std::string> run_variables;  // of this run alone: win over all
  bool ignore_cache = false;
  CommitFacts commit;
};

// The Plan of a workflow with a build source: one job "build" with the tasks before, the step
// "image", and the tasks after it. A pure function; equal inputs give equal Plans.
v1::Plan CompileBuild(const CompileInput& input);

// Name that steps see for a variable or secret with this id: "api-key" is API_KEY.
std::string VariableKey(std::string_view id);

}  // namespace slipway::plan
