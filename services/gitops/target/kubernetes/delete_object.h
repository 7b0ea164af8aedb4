#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/kube/client/apply.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/target/kubernetes/cluster.h"

namespace slipway::gitops::kubernetes {

// Asks for the deletion of the very object that has `uid`, and waits for the answer. OK: the
// deletion was accepted, or the object is gone, or another one has its name by now. Errors as
// SyncError.
absl::Status DeleteObject(Cluster& cluster, const AppEnvironment& owner, const kube::Target& target,
                          std::string_view uid);

}  // namespace slipway::gitops::kubernetes
