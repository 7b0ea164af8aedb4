#include "services/gitops/target/kubernetes/access.h"

#include <google/protobuf/util/json_util.h>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/json/json.h"

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

absl::StatusOr<kube::HealthOptions> HealthOptionsOf(
    const slipway::pipeline::v1::KubernetesTarget& definition) {
  kube::HealthOptions options;
  options.ingress_without_address_is_healthy = definition.ingress_without_address();
  if (definition.health_rules().empty()) return options;
  slipway::pipeline::v1::KubernetesTarget rules;
  *rules.mutable_health_rules() = definition.health_rules();
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(rules, &text).ok()) {
    return InvalidField("healthRules", "must be text in UTF-8");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const boost::json::value table, json::Parse(text));
  SLIPWAY_ASSIGN_OR_RETURN(options.rules, kube::ParseHealthRules(table.at("healthRules")));
  return options;
}

}  // namespace slipway::gitops::kubernetes
