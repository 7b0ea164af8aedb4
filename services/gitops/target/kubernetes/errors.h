#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/names.h"

// The errors of the Kubernetes target that a user may see.
namespace slipway::gitops::kubernetes {

// What an answer to a request about one object means for the sync. INVALID_ARGUMENT (no try will
// change that: the object is wrong, or a field can't be changed) names object and field; all else
// is UNAVAILABLE, since a server comes back, rights are given, namespaces end and definitions come.
absl::Status SyncError(const kube::ObjectId& id, const kube::Answer& answer);

// UNAVAILABLE OBJECT_OWNED: the object belongs to another app, until that drops it; `owner` is its
// folder.
absl::Status OwnedByAnother(const kube::ObjectId& id, std::string_view owner);
// FAILED_PRECONDITION HOOK_FAILED.
absl::Status HookFailed(std::string_view phase, const kube::ObjectId& id, std::string_view why);
// UNAVAILABLE HOOK_IN_THE_WAY: an object that is none of this app's hooks has the name.
absl::Status HookInTheWay(const kube::ObjectId& id);
// FAILED_PRECONDITION NOT_ON_A_CLUSTER: the app runs on this machine.
absl::Status NotOnACluster(const AppEnvironment& where);
// FAILED_PRECONDITION CLUSTER_IS_LOCAL: there is no server to ask.
absl::Status ClusterIsLocal(std::string_view cluster);
// FAILED_PRECONDITION CLUSTER_UNKNOWN: no such cluster is defined.
absl::Status ClusterUnknown(std::string_view cluster);
// INVALID_ARGUMENT CLUSTER_INVALID: its definition can't be used.
absl::Status ClusterInvalid(std::string_view cluster, const absl::Status& problem);
// UNAVAILABLE CLUSTER_NOT_HELD: another replica works on it.
absl::Status ClusterNotHeld(std::string_view cluster);
// UNAVAILABLE CLUSTER_UNREACHABLE.
absl::Status ClusterAway(std::string_view cluster, const absl::Status& problem);
// UNAVAILABLE OBJECTS_GOING: deletion was asked for and is not done.
absl::Status StillGoing(const kube::ObjectId& id, std::string_view why);

}  // namespace slipway::gitops::kubernetes
