#include "services/gitops/target/kubernetes/delete_object.h"

#include <string>

#include "services/gitops/target/kubernetes/errors.h"

namespace slipway::gitops::kubernetes {

absl::Status DeleteObject(Cluster& cluster, const AppEnvironment& owner, const kube::Target& target,
                          std::string_view uid) {
  kube::ObjectApi::DeleteOptions options;
  options.owner = owner.Folder();
  options.uid = std::string(uid);
  const kube::Answer answer = cluster.api().Delete(target, options);
  const bool done = answer.ok() || answer.outcome == kube::Outcome::kNotFound ||
                    answer.outcome == kube::Outcome::kConflict;
  return done ? absl::OkStatus() : SyncError(target.id(), answer);
}

}  // namespace slipway::gitops::kubernetes
