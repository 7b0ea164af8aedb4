#include "services/pipeline/engine/errors.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/pipeline/domain/violations.h"

namespace slipway::pipeline {
namespace {

using absl::StatusCode;

std::string Quoted(std::string_view text) { return "\"" + Truncate(text, 100) + "\""; }

absl::Status Error(StatusCode code, std::string_view reason, std::string_view message,
                   std::string_view resource = "") {
  ErrorDetails details;
  details.reason = std::string(reason);
  if (!resource.empty()) details.metadata.emplace_back("resource", std::string(resource));
  return MakeError(code, message, std::move(details));
}

absl::Status FieldError(StatusCode code, std::string_view reason, std::string_view field,
                        const std::string& problem) {
  ErrorDetails details;
  details.reason = std::string(reason);
  details.field_violations.push_back({std::string(field), problem});
  return MakeError(code, std::string(field) + ": " + problem, std::move(details));
}

std::string KindAndName(Kind kind, std::string_view name) {
  return std::string(InfoOf(kind).word) + " " + ShortName(name);
}

std::string ShortNames(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::vector<std::string> some;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) some.push_back(ShortName(names[i]));
  return Join(some, ", ") + (names.size() > kShown ? " and more" : "");
}

}  // namespace

absl::Status NameTaken(Kind kind, std::string_view name) {
  return Error(StatusCode::kAlreadyExists, "NAME_TAKEN",
               KindAndName(kind, name) + " exists already", name);
}

absl::Status StillBeingDeleted(Kind kind, std::string_view name) {
  return Error(StatusCode::kAlreadyExists, "STILL_BEING_DELETED",
               KindAndName(kind, name) + " is still being deleted; try again when it is gone",
               name);
}

absl::Status EnvironmentTaken(int index, std::string_view app, std::string_view environment,
                              std::string_view workflow) {
  return FieldError(StatusCode::kAlreadyExists, "DEPLOYMENT_PIPELINE_EXISTS",
                    "spec.deploymentPipelines[" + std::to_string(index) + "].environment",
                    "app " + ShortName(app) + " has a deployment pipeline to " +
                        Quoted(environment) + " already, in workflow " + ShortName(workflow) +
                        "; there is one for each app and environment");
}

absl::Status DefaultRegistryTaken(std::string_view holder) {
  return FieldError(StatusCode::kAlreadyExists, "DEFAULT_REGISTRY_EXISTS", "spec.default",
                    "registry " + ShortName(holder) +
                        " is the default already; set its \"default\" to false first");
}

absl::Status VariableNameTaken(std::string_view key, std::string_view holder) {
  return FieldError(StatusCode::kAlreadyExists, "VARIABLE_EXISTS", "metadata.name",
                    "steps would see it as " + std::string(key) + ", as they see " +
                        std::string(holder) + "; choose another name");
}

absl::Status ImageTagTaken(std::string_view repository, std::string_view tag, bool counts) {
  return Error(StatusCode::kAlreadyExists, "IMAGE_TAG_EXISTS",
               "image tag " + std::string(repository) + ":" + std::string(tag) + " exists already" +
                   (counts ? "; the next run takes the next number"
                           : "; choose another tag in spec.source.build.image.tag"));
}

absl::Status EtagMismatch(std::string_view name) {
  return Error(StatusCode::kAborted, "ETAG_MISMATCH",
               ShortName(name) + " was changed meanwhile; get it again and repeat the change",
               name);
}

absl::Status NeededGone(std::string_view name) {
  return Error(
      StatusCode::kAborted, "NEEDED_GONE",
      "something that " + ShortName(name) + " needs was deleted at the same moment; try again",
      name);
}

absl::Status BeingDeleted(std::string_view name) {
  return Error(StatusCode::kFailedPrecondition, "BEING_DELETED",
               ShortName(name) + " is being deleted", name);
}

absl::Status StillHas(Kind kind, std::string_view name, std::string_view what,
                      const std::vector<std::string>& names, std::string_view remedy) {
  return Error(StatusCode::kFailedPrecondition, "STILL_HAS",
               KindAndName(kind, name) + " still has " + std::string(what) +
                   (names.size() == 1 ? " " : "s ") + ShortNames(names) + "; " +
                   std::string(remedy),
               name);
}

absl::Status InUse(Kind kind, std::string_view name, const std::vector<std::string>& users) {
  return Error(StatusCode::kFailedPrecondition, "IN_USE",
               KindAndName(kind, name) + " is used by " + ShortNames(users) +
                   "; change or delete that first",
               name);
}

absl::Status OthersComeAfter(std::string_view name, const std::vector<std::string>& environments) {
  return Error(StatusCode::kFailedPrecondition, "OTHERS_COME_AFTER",
               "deployment pipeline " + ShortName(name) + ": " + Join(environments, ", ") +
                   (environments.size() == 1 ? " comes" : " come") + " after it; delete " +
                   (environments.size() == 1 ? "that" : "those") + " first",
               name);
}

absl::Status NoRepository(std::string_view app) {
  return Error(StatusCode::kFailedPrecondition, "NO_REPOSITORY",
               "app " + ShortName(app) + " has no repository; add one to its spec.repositories",
               app);
}

absl::Status NoDeployRepository(std::string_view app, std::string_view repository,
                                const std::vector<std::string>& known) {
  if (known.empty()) return NoRepository(app);
  const std::string problem = repository.empty()
                                  ? "say in spec.deploy.repository which of " + Join(known, ", ") +
                                        " the path to deploy is in"
                                  : NoSuch("repository", repository, known);
  return Error(StatusCode::kFailedPrecondition, "NO_DEPLOY_REPOSITORY",
               "app " + ShortName(app) + ": " + problem, app);
}

absl::Status NoDefaultRegistry(std::string_view workflow) {
  return Error(StatusCode::kFailedPrecondition, "NO_DEFAULT_REGISTRY",
               "workflow " + ShortName(workflow) +
                   " names no registry and none is the default; set "
                   "spec.source.build.image.registry, or make a registry "
                   "the default",
               workflow);
}

absl::Status RefNeeded(std::string_view pattern) {
  return FieldError(StatusCode::kFailedPrecondition, "REF_NEEDED", "ref",
                    "the workflow builds every branch that matches " + Quoted(pattern) +
                        "; choose one with --ref");
}

absl::Status RefNotBuilt(std::string_view ref, std::string_view rule, std::string_view wanted) {
  return FieldError(StatusCode::kFailedPrecondition, "REF_NOT_BUILT", "ref",
                    "branch " + Quoted(ref) + " is not what the workflow builds: its " +
                        std::string(rule) + " is " + Quoted(wanted));
}

absl::Status CommitNotOnRef(std::string_view commit, std::string_view ref) {
  return FieldError(
      StatusCode::kFailedPrecondition, "COMMIT_NOT_ON_REF", "commit",
      "commit " + std::string(commit.substr(0, 12)) + " is not on branch " + Quoted(ref));
}

absl::Status CommitOnNoBranch(std::string_view commit, std::string_view pattern) {
  return FieldError(StatusCode::kFailedPrecondition, "COMMIT_NOT_ON_REF", "commit",
                    "commit " + std::string(commit.substr(0, 12)) +
                        " is on no branch that matches " + Quoted(pattern) +
                        "; choose one of them with --ref");
}

absl::Status RepositoryChanged(std::string_view app, std::string_view url) {
  return Error(StatusCode::kFailedPrecondition, "REPOSITORY_CHANGED",
               "app " + ShortName(app) + " is not built from " + std::string(url) + " any more",
               app);
}

absl::Status AccountForOtherHost(std::string_view account, std::string_view host,
                                 std::string_view url) {
  return Error(StatusCode::kFailedPrecondition, "ACCOUNT_HOST",
               "Git account " + Quoted(account) + " is for " + Quoted(host) +
                   " and is not sent to " + std::string(url) + "; choose an account for that host");
}

absl::Status NoDeploymentPipeline(std::string_view app, std::string_view environment,
                                  const std::vector<std::string>& known) {
  return Error(
      StatusCode::kNotFound, "NO_DEPLOYMENT_PIPELINE",
      "app " + ShortName(app) + ": " + NoSuch("deployment pipeline to", environment, known), app);
}

absl::Status NoSuchRef(std::string_view ref, const std::vector<std::string>& branches) {
  return FieldError(StatusCode::kNotFound, "REF_NOT_FOUND", "ref",
                    NoSuch("branch, tag or commit", ref, branches));
}

absl::Status NoSuchRepository(std::string_view app, std::string_view repository,
                              const std::vector<std::string>& known) {
  return Error(StatusCode::kNotFound, "REPOSITORY_NOT_FOUND",
               "app " + ShortName(app) + ": " + NoSuch("repository", repository, known), app);
}

absl::Status SecretGone(std::string_view name_at_version) {
  return Error(StatusCode::kNotFound, "SECRET_NOT_FOUND",
               "secret " + std::string(name_at_version) + " is not there any more; start a new run",
               name_at_version);
}

}  // namespace slipway::pipeline
