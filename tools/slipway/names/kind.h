#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::cli {

// Where resources of a kind live, which decides how their names are typed.
enum class Scope {
  kGlobal,              // ID
  kProject,             // [PROJECT/]ID
  kApp,                 // [PROJECT/]APP/ID
  kAny,                 // of a project, an app or an environment: ID, APP/ID, PROJECT/APP/ID
  kRun,                 // [PROJECT/]APP/WORKFLOW#N
  kJob,                 // RUN/ID
  kDeployment,          // [PROJECT/]APP/ENVIRONMENT[#N]
  kDeploymentPipeline,  // [PROJECT/]APP/ENVIRONMENT
};

// One kind of resource as the CLI knows it. Immutable.
struct Kind {
  std::string_view name;        // "GitAccount", as in manifests
  std::string_view collection;  // "gitAccounts", as in resource names and lists
  Scope scope;
  bool applied;                 // apply takes it
  std::string_view set_member;  // its member in resources:validate; "": it is not checked there
  bool creates_by_patch;        // PATCH takes allowMissing and validateOnly
  std::vector<std::string_view> secrets;  // members of spec that hold a secret
};

const std::vector<Kind>& AllKinds();

// "workflow", "Workflows", "git-account", "gitaccounts". INVALID_ARGUMENT with the nearest one.
absl::StatusOr<const Kind*> FindKind(std::string_view word);

// "git-account": as typed and shown.
std::string CommandWord(const Kind& kind);

}  // namespace slipway::cli
