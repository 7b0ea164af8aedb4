#include "services/gitops/target/kubernetes/errors.h"

#include <string>
#include <utility>

#include "libs/base/error.h"

namespace slipway::gitops::kubernetes {
namespace {

using kube::Outcome;

// What a user may do about it, or what it waits for.
std::string_view Remedy(const kube::Answer& answer) {
  switch (answer.outcome) {
    case Outcome::kForbidden:
      return "; it is tried again, so give the cluster's account this right";
    case Outcome::kUnauthorized:
      return "; it is tried again, so give the cluster another credential";
    case Outcome::kNamespaceTerminating:
      return "; it is tried again when the namespace is gone";
    case Outcome::kImmutable:
      return "; a field of it can't be changed, so delete the object, or annotate it with "
             "argocd.argoproj.io/sync-options: Force=true";
    case Outcome::kNotFound:
      return kube::IsKindMissing(answer.status)
                 ? "; it is tried again, so install the definition of its kind"
                 : "; it is tried again";
    default:
      return "";
  }
}

}  // namespace

absl::Status SyncError(const kube::ObjectId& id, const kube::Answer& answer) {
  const bool for_good =
      answer.outcome == Outcome::kInvalid || answer.outcome == Outcome::kImmutable;
  ErrorDetails details = DetailsOf(answer.error);
  details.metadata.emplace_back("object", kube::Describe(id));
  std::string message = MessageOf(answer.error);
  if (message.find(kube::Describe(id)) == std::string::npos) {
    message = kube::Describe(id) + ": " + message;
  }
  return MakeError(for_good ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kUnavailable,
                   message.append(Remedy(answer)), std::move(details));
}

absl::Status OwnedByAnother(const kube::ObjectId& id, std::string_view owner) {
  return MakeError(
      absl::StatusCode::kUnavailable,
      kube::Describe(id) + " belongs to " + std::string(owner) + "; remove it from one of the two",
      {.reason = "OBJECT_OWNED",
       .metadata = {{"object", kube::Describe(id)}, {"owner", std::string(owner)}},
       .field_violations = {}});
}

absl::Status HookFailed(std::string_view phase, const kube::ObjectId& id, std::string_view why) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      std::string(phase) + " hook " + kube::Describe(id) + " failed: " + std::string(why),
      {.reason = "HOOK_FAILED",
       .metadata = {{"object", kube::Describe(id)}, {"phase", std::string(phase)}},
       .field_violations = {}});
}

absl::Status HookInTheWay(const kube::ObjectId& id) {
  return MakeError(absl::StatusCode::kUnavailable,
                   kube::Describe(id) +
                       " is there already and must not be deleted for the hook of this name; "
                       "rename the hook, or delete the object",
                   {.reason = "HOOK_IN_THE_WAY",
                    .metadata = {{"object", kube::Describe(id)}},
                    .field_violations = {}});
}

absl::Status NotOnACluster(const AppEnvironment& where) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   where.Short() + " runs on this machine, not on a Kubernetes cluster",
                   {.reason = "NOT_ON_A_CLUSTER", .metadata = {}, .field_violations = {}});
}

absl::Status ClusterIsLocal(std::string_view cluster) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      "cluster \"" + std::string(cluster) + "\" is this machine, which has no API server to check",
      {.reason = "CLUSTER_IS_LOCAL",
       .metadata = {{"cluster", std::string(cluster)}},
       .field_violations = {}});
}

absl::Status ClusterNotHeld(std::string_view cluster) {
  return MakeError(absl::StatusCode::kUnavailable,
                   "another replica works on cluster \"" + std::string(cluster) + "\"",
                   {.reason = "CLUSTER_NOT_HELD",
                    .metadata = {{"cluster", std::string(cluster)}},
                    .field_violations = {}});
}

absl::Status ClusterUnknown(std::string_view cluster) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "there is no cluster \"" + std::string(cluster) +
                       "\" any more; choose another one for the environment",
                   {.reason = "CLUSTER_UNKNOWN",
                    .metadata = {{"cluster", std::string(cluster)}},
                    .field_violations = {}});
}

absl::Status ClusterInvalid(std::string_view cluster, const absl::Status& problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "cluster \"" + std::string(cluster) + "\": " + MessageOf(problem),
                   {.reason = "CLUSTER_INVALID",
                    .metadata = {{"cluster", std::string(cluster)}},
                    .field_violations = {}});
}

absl::Status ClusterAway(std::string_view cluster, const absl::Status& problem) {
  return MakeError(absl::StatusCode::kUnavailable,
                   "cluster \"" + std::string(cluster) + "\" is away: " + MessageOf(problem),
                   {.reason = "CLUSTER_UNREACHABLE",
                    .metadata = {{"cluster", std::string(cluster)}},
                    .field_violations = {}});
}

absl::Status StillGoing(const kube::ObjectId& id, std::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable,
                   "waiting until " + kube::Describe(id) + " is gone" +
                       (why.empty() ? "" : ": " + std::string(why)),
                   {.reason = "OBJECTS_GOING",
                    .metadata = {{"object", kube::Describe(id)}},
                    .field_violations = {}});
}

}  // namespace slipway::gitops::kubernetes
