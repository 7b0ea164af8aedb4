#include "services/gitops/domain/errors.h"

#include <string>
#include <utility>

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

using Code = absl::StatusCode;
using Metadata = std::vector<std::pair<std::string, std::string>>;

std::string Q(std::string_view text) { return "\"" + std::string(text) + "\""; }

absl::Status Error(Code code, std::string reason, const std::string& message,
                   Metadata metadata = {}) {
  ErrorDetails details;
  details.reason = std::move(reason);
  details.metadata = std::move(metadata);
  return MakeError(code, message, std::move(details));
}

}  // namespace

absl::Status DeploymentNotFound(std::string_view name) {
  return Error(Code::kNotFound, "DEPLOYMENT_NOT_FOUND", "deployment " + Q(name) + " not found",
               {{"name", std::string(name)}});
}

absl::Status NoActiveProvider() {
  return Error(Code::kFailedPrecondition, "NO_ACTIVE_GITOPS_PROVIDER",
               "no active GitOps provider: apply a GitOpsProvider with \"active: true\"; its "
               "status says whether its "
               "validation passed");
}

absl::Status ImageUnknown(std::string_view image, std::string_view app) {
  return Error(Code::kNotFound, "IMAGE_UNKNOWN",
               "no image " + Q(image) + " of " + std::string(app) +
                   "; slipway images lists those that were built",
               {{"image", std::string(image)}});
}

absl::Status ImageAmbiguous(std::string_view image) {
  return Error(Code::kInvalidArgument, "IMAGE_AMBIGUOUS",
               "image " + Q(image) + " stands for more than one; give the whole digest",
               {{"image", std::string(image)}});
}

absl::Status NoImageYet(const AppEnvironment& where, std::string_view after) {
  const std::string remedy =
      after.empty() ? "push a commit or start a run first"
                    : "none was healthy in environment " + Q(after) + " yet; deploy there first";
  return Error(Code::kFailedPrecondition, "NO_IMAGE",
               "there is no image for " + where.Short() + ": " + remedy);
}

absl::Status NeverHealthyIn(std::string_view after, std::string_view digest,
                            const AppEnvironment& where) {
  return Error(Code::kFailedPrecondition, "NEVER_HEALTHY_IN_AFTER",
               "image " + std::string(digest) + " was never healthy in environment " + Q(after) +
                   ", which comes before " + where.Short() +
                   "; deploy it there first: slipway deploy " + where.app + "/" +
                   std::string(after) + " --image " + std::string(digest),
               {{"after", std::string(after)}, {"image", std::string(digest)}});
}

absl::Status NoManifests(std::string_view deployment, std::string_view problem) {
  std::string message = std::string(deployment) + " has no manifests to commit";
  if (!problem.empty()) message.append(": ").append(problem);
  return Error(Code::kFailedPrecondition, "NO_MANIFESTS",
               message + "; what runs stays, so deploy again");
}

absl::Status NothingToRollBackTo(const AppEnvironment& where) {
  return Error(Code::kFailedPrecondition, "NOTHING_TO_ROLL_BACK_TO",
               "no earlier deployment of another image was healthy in " + where.Short() +
                   "; slipway deployments " + where.app + " lists them, --to N takes any");
}

absl::Status EnvironmentGoesAway(const AppEnvironment& where) {
  return Error(Code::kFailedPrecondition, "ENVIRONMENT_DELETING",
               "the deployment pipeline of " + where.Short() + " is being deleted");
}

absl::Status SyncHeld(const AppEnvironment& where, bool suspended, std::string_view reason) {
  return Error(Code::kFailedPrecondition, suspended ? "SYNC_SUSPENDED" : "SYNC_WINDOW_CLOSED",
               where.Short() + " can't be synced now: " +
                   std::string(reason));
}

absl::Status ProjectLimitsBreached(const AppEnvironment& where,
                                   const std::vector<std::string>& breaches) {
  const size_t more = breaches.size() - 1;
  return Error(Code::kFailedPrecondition, "PROJECT_LIMITS",
               breaches.front() +
                   (more == 0 ? "" : ", and " + std::to_string(more) + " more") +
                   "; a super-admin may change the limits, then: slipway sync " + where.app + "/" +
                   where.environment);
}

absl::Status ProviderNotFound(std::string_view name) {
  return Error(Code::kNotFound, "GITOPS_PROVIDER_NOT_FOUND",
               "GitOps provider " + Q(name) + " not found", {{"name", std::string(name)}});
}

absl::Status ProviderExists(std::string_view name) {
  return Error(Code::kAlreadyExists, "GITOPS_PROVIDER_EXISTS",
               "GitOps provider " + Q(name) + " exists already", {{"name", std::string(name)}});
}

absl::Status ProviderChanged(std::string_view name) {
  return Error(
      Code::kAborted, "ETAG_MISMATCH",
      "GitOps provider " + Q(name) + " was changed meanwhile; get it again and repeat the change");
}

absl::Status ProviderIsActive(std::string_view name) {
  return Error(Code::kFailedPrecondition, "GITOPS_PROVIDER_ACTIVE",
               "GitOps provider " + Q(name) +
                   " is active; make another one active first, or apply it with \"active: false\"");
}

absl::Status ManifestRefused(std::string_view where, std::string_view problem) {
  return Error(Code::kInvalidArgument, "MANIFEST_REFUSED",
               "the local target refuses " + std::string(where) + ": " + std::string(problem));
}

absl::Status RegistryRefused(std::string_view host, std::string_view image,
                             std::string_view detail) {
  return Error(Code::kFailedPrecondition, "REGISTRY_REFUSED",
               "registry " + std::string(host) + " refuses to give " + std::string(image) +
                   "; check user name and password of this Registry (" + std::string(detail) + ")");
}

absl::Status RegistryUnreachable(std::string_view host, std::string_view detail) {
  return Error(Code::kUnavailable, "REGISTRY_UNREACHABLE",
               "registry " + std::string(host) + " can't be reached (" + std::string(detail) +
                   "); it is tried again");
}

absl::Status ImageMissing(std::string_view image, std::string_view detail) {
  return Error(Code::kFailedPrecondition, "IMAGE_MISSING",
               "image " + std::string(image) +
                   " is not in its registry any more; build it again (" + std::string(detail) +
                   ")");
}

absl::Status PullFailed(std::string_view image, std::string_view detail) {
  return Error(Code::kFailedPrecondition, "PULL_FAILED",
               "image " + std::string(image) + " can't be pulled: " + std::string(detail));
}

absl::Status PlayRefused(std::string_view detail) {
  return Error(Code::kFailedPrecondition, "PLAY_REFUSED",
               "podman refuses the manifest: " + std::string(detail) +
                   "; correct spec.deploy of the app and deploy again");
}

absl::Status PodmanFailed(std::string_view command, std::string_view detail) {
  return Error(Code::kInternal, "PODMAN_FAILED",
               "podman " + std::string(command) + " failed: " + std::string(detail));
}

absl::Status PodmanTimedOut(std::string_view command, absl::Duration after) {
  return Error(
      Code::kDeadlineExceeded, "PODMAN_TIMED_OUT",
      "podman " + std::string(command) + " did not end within " + absl::FormatDuration(after));
}

absl::Status NoFreePort(int first, int last) {
  return Error(
      Code::kResourceExhausted, "NO_FREE_PORT",
      "no free port from " + std::to_string(first) + " to " + std::to_string(last) +
          "; widen the service's setting local-ports or delete an app's deployment pipeline");
}

}  // namespace slipway::gitops
