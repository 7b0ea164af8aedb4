#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/gitops/domain/names.h"

// Every error of gitops that a user may see. Reasons are stable, texts are not.
namespace slipway::gitops {

// Deployments.
absl::Status DeploymentNotFound(std::string_view name);  // NOT_FOUND
absl::Status NoActiveProvider();  // FAILED_PRECONDITION NO_ACTIVE_GITOPS_PROVIDER
// FAILED_PRECONDITION NO_MANIFESTS: nothing to commit, or nothing that can be read.
absl::Status NoManifests(std::string_view deployment, std::string_view problem);
absl::Status ImageUnknown(std::string_view image, std::string_view app);  // NOT_FOUND IMAGE_UNKNOWN
absl::Status ImageAmbiguous(std::string_view image);  // INVALID_ARGUMENT IMAGE_AMBIGUOUS
absl::Status NoImageYet(const AppEnvironment& where,
                        std::string_view after);  // FAILED_PRECONDITION NO_IMAGE
// FAILED_PRECONDITION NEVER_HEALTHY_IN_AFTER: the image has to be healthy in `after` first.
absl::Status NeverHealthyIn(std::string_view after, std::string_view digest,
                            const AppEnvironment& where);
absl::Status NothingToRollBackTo(
    const AppEnvironment& where);  // FAILED_PRECONDITION NOTHING_TO_ROLL_BACK_TO
absl::Status EnvironmentGoesAway(
    const AppEnvironment& where);  // FAILED_PRECONDITION ENVIRONMENT_DELETING
// FAILED_PRECONDITION SYNC_SUSPENDED or SYNC_WINDOW_CLOSED, with the gate's words.
absl::Status SyncHeld(const AppEnvironment& where, bool suspended, std::string_view reason);
// FAILED_PRECONDITION PROJECT_LIMITS; at least one breach.
absl::Status ProjectLimitsBreached(const AppEnvironment& where,
                                   const std::vector<std::string>& breaches);

// Providers.
absl::Status ProviderNotFound(std::string_view name);  // NOT_FOUND
absl::Status ProviderExists(std::string_view name);    // ALREADY_EXISTS
absl::Status ProviderChanged(std::string_view name);   // ABORTED ETAG_MISMATCH
absl::Status ProviderIsActive(std::string_view name);  // FAILED_PRECONDITION GITOPS_PROVIDER_ACTIVE

// The target.
absl::Status ManifestRefused(std::string_view where,
                             std::string_view problem);  // INVALID_ARGUMENT MANIFEST_REFUSED
absl::Status RegistryRefused(std::string_view host, std::string_view image,
                             std::string_view detail);
absl::Status RegistryUnreachable(std::string_view host, std::string_view detail);  // UNAVAILABLE
absl::Status ImageMissing(std::string_view image,
                          std::string_view detail);  // FAILED_PRECONDITION IMAGE_MISSING
absl::Status PullFailed(std::string_view image,
                        std::string_view detail);   // FAILED_PRECONDITION PULL_FAILED
absl::Status PlayRefused(std::string_view detail);  // FAILED_PRECONDITION PLAY_REFUSED
absl::Status PodmanFailed(std::string_view command,
                          std::string_view detail);  // INTERNAL PODMAN_FAILED
absl::Status PodmanTimedOut(std::string_view command,
                            absl::Duration after);  // DEADLINE_EXCEEDED PODMAN_TIMED_OUT
absl::Status NoFreePort(int first, int last);       // RESOURCE_EXHAUSTED NO_FREE_PORT

}  // namespace slipway::gitops
