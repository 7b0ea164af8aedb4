// What is deployed from a path of a repository, and where an app is synced to.
#include <algorithm>
#include <set>

#include "libs/base/strings.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/validate.h"

namespace slipway::pipeline {
namespace {

constexpr int kMaxSyncTargets = 100;
constexpr int kMaxValuesFiles = 20;
constexpr size_t kMaxValuePath = 512;

// A file of values may stand beside the chart; that it does not leave the repository is seen when
// it is read.
std::string ValuesFileProblem(std::string_view path) {
  const bool control =
      std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (path.empty() || path.size() > 4096 || control) return "must be a path";
  if (path.front() == '/' || path.front() == '-')
    return "must be relative to the chart and not start with '-'";
  if (path.find("://") != std::string_view::npos)
    return "must be a file of the repository: rendering has no network";
  return "";
}

// "ingress.host": no empty key on the way.
bool IsValuePath(std::string_view path) {
  if (path.empty() || path.size() > kMaxValuePath || path.front() == '.' || path.back() == '.')
    return false;
  return path.find("..") == std::string_view::npos;
}

void CheckHelm(const v1::HelmOptions& helm, const std::string& path, Violations* violations) {
  const auto add = [&](const std::string& field, const std::string& problem) {
    if (!problem.empty()) violations->Add(path + field, problem);
  };
  constexpr char kValuePath[] = "must be a dotted path of at most 512 bytes like \"web.image\"";
  if (!helm.image_key().empty() && !IsValuePath(helm.image_key())) add(".imageKey", kValuePath);
  if (helm.values_files_size() > kMaxValuesFiles)
    return add(".valuesFiles", "has more than " + std::to_string(kMaxValuesFiles) + " entries");
  for (int i = 0; i < helm.values_files_size(); ++i)
    add(".valuesFiles[" + std::to_string(i) + "]", ValuesFileProblem(helm.values_files(i)));
  if (helm.values_size() > static_cast<int>(kMaxVariables))
    return add(".values", "has more than " + std::to_string(kMaxVariables) + " entries");
  for (const auto& [name, value] : helm.values()) {
    if (!IsValuePath(name)) add(".values", "\"" + Truncate(name, 64) + "\" " + kValuePath);
    if (value.size() > kMaxVariableValue || value.find('\0') != std::string::npos)
      add(".values." + name, "is too long or has a NUL byte");
  }
}

}  // namespace

void ValidateSource(const v1::DeploySpec& spec, const std::string& path, Violations* violations) {
  const auto add = [&](const std::string& field, const std::string& problem) {
    if (!problem.empty()) violations->Add(path + field, problem);
  };
  if (!spec.path().empty()) add(".path", PathProblem(spec.path()));
  if (!spec.revision().empty()) add(".revision", BranchProblem(spec.revision()));
  if (spec.has_helm()) CheckHelm(spec.helm(), path + ".helm", violations);
  if (spec.kustomize().image().size() > 512 ||
      spec.kustomize().image().find_first_of(" \t\r\n") != std::string::npos) {
    add(".kustomize.image", "must be the name of an image in the manifests, without a tag");
  }
  if (spec.path().empty()) return;
  // What Slipway's own Deployment and Service are made of has no place in somebody's own manifests.
  constexpr char kOwn[] =
      "is for a Deployment of Slipway's making; with a path, write it into the manifests there";
  if (spec.has_port()) add(".port", kOwn);
  if (!spec.health_path().empty()) add(".healthPath", kOwn);
  if (spec.has_resources()) add(".resources", kOwn);
  if (spec.has_replicas()) add(".replicas", kOwn);
}

void ValidateDeployRepository(const v1::AppSpec& app, const v1::DeploySpec& deploy,
                              const std::string& path, Violations* violations) {
  const auto& repositories = app.repositories();
  const bool known = deploy.repository().empty() ||
                     std::any_of(repositories.begin(), repositories.end(),
                                 [&](const auto& r) { return r.name() == deploy.repository(); });
  if (known) return;
  violations->Add(path + ".repository",
                  "spec.repositories has no \"" + Truncate(deploy.repository(), 64) + "\"");
}

void ValidateSyncTargets(const v1::AppSpec& spec, const std::vector<std::string>& environments,
                         Violations* violations) {
  const v1::DeploySpec& deploy = spec.deploy();
  const auto& targets = spec.environments();
  ValidateDeployRepository(spec, deploy, "spec.deploy", violations);
  // Without a path of its own, what stands here is for the targets that have one.
  const bool target_has_path =
      std::any_of(targets.begin(), targets.end(),
                  [](const v1::SyncTarget& target) { return !target.deploy().path().empty(); });
  if (deploy.path().empty() && !target_has_path) {
    constexpr char kNoPath[] = "goes with spec.deploy.path, which is missing";
    if (!deploy.repository().empty()) violations->Add("spec.deploy.repository", kNoPath);
    if (!deploy.revision().empty()) violations->Add("spec.deploy.revision", kNoPath);
  } else if (spec.repositories().empty()) {
    violations->Add("spec.repositories", "name the repository that the path to deploy is in");
  }
  if (spec.environments_size() > kMaxSyncTargets) {
    return violations->Add("spec.environments",
                           "has more than " + std::to_string(kMaxSyncTargets) + " entries");
  }
  std::set<std::string> seen;
  for (int i = 0; i < spec.environments_size(); ++i) {
    const v1::SyncTarget& target = spec.environments(i);
    const std::string path = "spec.environments[" + std::to_string(i) + "]";
    if (target.environment().empty()) {
      violations->Add(path + ".environment", "name the environment to sync to");
    } else if (std::find(environments.begin(), environments.end(), target.environment()) ==
               environments.end()) {
      violations->Add(path + ".environment",
                      NoSuch("environment", target.environment(), environments));
    } else if (!seen.insert(target.environment()).second) {
      violations->Add(path + ".environment",
                      "\"" + target.environment() + "\" stands in the list twice");
    }
    if (deploy.path().empty() && target.deploy().path().empty()) {
      violations->Add(path + ".deploy.path",
                      "say what is synced: give spec.deploy.path, or a path here");
    }
    if (!target.has_deploy()) continue;
    ValidateDeploySpec(target.deploy(), path + ".deploy", violations);
    ValidateDeployRepository(spec, target.deploy(), path + ".deploy", violations);
  }
}

}  // namespace slipway::pipeline
