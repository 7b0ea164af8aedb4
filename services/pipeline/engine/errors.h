#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/pipeline/domain/kind.h"

// Every error of this service that a user may see, beside the mistakes in fields
// (domain/violations.h) and what libs/rpc and libs/git say. Reasons are stable, texts are not.
namespace slipway::pipeline {

// ALREADY_EXISTS
absl::Status NameTaken(Kind kind, std::string_view name);          // NAME_TAKEN
absl::Status StillBeingDeleted(Kind kind, std::string_view name);  // STILL_BEING_DELETED
absl::Status EnvironmentTaken(int index, std::string_view app, std::string_view environment,
                              std::string_view workflow);    // DEPLOYMENT_PIPELINE_EXISTS
absl::Status DefaultRegistryTaken(std::string_view holder);  // DEFAULT_REGISTRY_EXISTS
absl::Status VariableNameTaken(std::string_view key, std::string_view holder);  // VARIABLE_EXISTS
absl::Status ImageTagTaken(std::string_view repository, std::string_view tag,
                           bool counts);  // IMAGE_TAG_EXISTS

// ABORTED
absl::Status EtagMismatch(std::string_view name);  // ETAG_MISMATCH
absl::Status NeededGone(std::string_view name);    // NEEDED_GONE

// FAILED_PRECONDITION
absl::Status BeingDeleted(std::string_view name);  // BEING_DELETED
// What still hangs on it, by name, and what to do.
absl::Status StillHas(Kind kind, std::string_view name, std::string_view what,
                      const std::vector<std::string>& names, std::string_view remedy);  // STILL_HAS
absl::Status InUse(Kind kind, std::string_view name,
                   const std::vector<std::string>& users);  // IN_USE
absl::Status OthersComeAfter(std::string_view name,
                             const std::vector<std::string>& environments);  // OTHERS_COME_AFTER
absl::Status NoRepository(std::string_view app);                             // NO_REPOSITORY
absl::Status NoDefaultRegistry(std::string_view workflow);                   // NO_DEFAULT_REGISTRY
absl::Status RefNeeded(std::string_view pattern);                            // REF_NEEDED
absl::Status RefNotBuilt(std::string_view ref, std::string_view rule,
                         std::string_view wanted);  // REF_NOT_BUILT
absl::Status CommitOnNoBranch(std::string_view commit,
                              std::string_view pattern);  // COMMIT_NOT_ON_REF
// The path to deploy is in none of the app's repositories, or in any of several.
absl::Status NoDeployRepository(std::string_view app, std::string_view repository,
                                const std::vector<std::string>& known);      // NO_DEPLOY_REPOSITORY
absl::Status RepositoryChanged(std::string_view app, std::string_view url);  // REPOSITORY_CHANGED
absl::Status CommitNotOnRef(std::string_view commit, std::string_view ref);  // COMMIT_NOT_ON_REF
absl::Status AccountForOtherHost(std::string_view account, std::string_view host,
                                 std::string_view url);  // ACCOUNT_HOST

// NOT_FOUND
absl::Status NoDeploymentPipeline(std::string_view app, std::string_view environment,
                                  const std::vector<std::string>& known);  // NO_DEPLOYMENT_PIPELINE
absl::Status NoSuchRef(std::string_view ref,
                       const std::vector<std::string>& branches);  // REF_NOT_FOUND
absl::Status NoSuchRepository(std::string_view app, std::string_view repository,
                              const std::vector<std::string>& known);  // REPOSITORY_NOT_FOUND
absl::Status SecretGone(std::string_view name_at_version);             // SECRET_NOT_FOUND

// INVALID_ARGUMENT

}  // namespace slipway::pipeline
