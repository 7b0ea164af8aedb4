#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "services/pipeline/domain/violations.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {

// What a definition is checked against beside itself: ids of what is there. Filled by the caller
// within the transaction of the save.
struct KnownIds {
  std::vector<std::string> clusters = {};
  std::vector<std::string> environments = {};
  std::vector<std::string> registries = {};
  std::vector<std::string> git_accounts = {};
  bool has_default_registry = false;
};

struct ValidationInput {
  KnownIds known = {};
  v1::AppSpec app = {};  // workflows only: the app that they belong to
  std::vector<std::string> deleting_environments =
      {};  // workflows only: still in the spec, not checked any more
};

// Adds every mistake of `resource` (one of the kinds of kind.h) to `violations`. Pure: no I/O.
// Rules that need other rows (a second deployment pipeline for an environment, a changed host with
// a kept secret) are checked by the engine.
void Validate(const google::protobuf::Message& resource, const ValidationInput& input,
              Violations* violations);

// The parts, by kind; each checks the spec of one.
void ValidateProject(const v1::ProjectSpec& spec, Violations* violations);
void ValidateApp(const v1::AppSpec& spec, const ValidationInput& input, Violations* violations);
void ValidateWorkflow(const v1::WorkflowSpec& spec, const ValidationInput& input,
                      Violations* violations);
void ValidateDeploySpec(const v1::DeploySpec& spec, const std::string& path,
                        Violations* violations);

// The part of it that names a path of a repository; called by ValidateDeploySpec.
void ValidateSource(const v1::DeploySpec& spec, const std::string& path, Violations* violations);
// The parts that are for Kubernetes clusters: what is left to others, and how objects are judged.
void ValidateIgnoreDifferences(const v1::DeploySpec& spec, const std::string& path,
                               Violations* violations);
void ValidateHealthRules(const v1::KubernetesTarget& spec, const std::string& path,
                         Violations* violations);
// The repository that a path is in must be one of the app's.
void ValidateDeployRepository(const v1::AppSpec& app, const v1::DeploySpec& deploy,
                              const std::string& path, Violations* violations);
// What fits together only in an app as a whole: its source and the environments that it is synced
// to; called by ValidateApp.
void ValidateSyncTargets(const v1::AppSpec& spec, const std::vector<std::string>& environments,
                         Violations* violations);

// Adds what is wrong with a map of names and values as steps and apps have them: at most
// kMaxVariables, names of environment variables, values without NUL bytes and of at most
// kMaxVariableValue bytes.
void ValidateVariables(const google::protobuf::Map<std::string, std::string>& variables,
                       const std::string& path, Violations* violations);

// Names that the checks of several kinds share.
inline constexpr size_t kMaxDescription = 4096;
inline constexpr size_t kMaxVariableValue = 64 << 10;
inline constexpr size_t kMaxVariables = 500;

}  // namespace slipway::pipeline
