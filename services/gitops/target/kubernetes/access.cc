#include "services/gitops/target/kubernetes/access.h"

#include "libs/base/status.h"

namespace slipway::gitops::kubernetes {

absl::StatusOr<kube::ClusterAccess> AccessOf(
    const slipway::pipeline::v1::KubernetesTarget& definition) {
  if (definition.in_cluster()) return kube::InClusterAccess();
  if (definition.server().empty()) {
    return kube::ParseKubeconfig(definition.kubeconfig().value(),
                                 {.context = definition.context()});
  }
  kube::ClusterAccess access{.server = definition.server(),
                             .ca_pem = definition.ca(),
                             .token = definition.token().value()};
  while (access.server.ends_with('/')) access.server.pop_back();
  SLIPWAY_RETURN_IF_ERROR(kube::ValidateAccess(access));
  return access;
}

}  // namespace slipway::gitops::kubernetes
