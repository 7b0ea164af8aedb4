#include "services/pipeline/domain/merge_deploy.h"

namespace slipway::pipeline {

void MergeDeploy(const v1::DeploySpec& over, v1::DeploySpec* base) {
  if (over.has_port()) base->set_port(over.port());
  if (!over.health_path().empty()) base->set_health_path(over.health_path());
  for (const auto& [name, value] : over.env()) (*base->mutable_env())[name] = value;
  if (!over.resources().memory().empty())
    base->mutable_resources()->set_memory(over.resources().memory());
  if (!over.resources().cpu().empty()) base->mutable_resources()->set_cpu(over.resources().cpu());
  if (over.has_replicas()) base->set_replicas(over.replicas());
  if (!over.repository().empty()) base->set_repository(over.repository());
  if (!over.path().empty()) base->set_path(over.path());
  if (!over.revision().empty()) base->set_revision(over.revision());
  if (!over.helm().image_key().empty())
    base->mutable_helm()->set_image_key(over.helm().image_key());
  // A list is one value: half of one and half of another would be no order.
  if (!over.helm().values_files().empty())
    *base->mutable_helm()->mutable_values_files() = over.helm().values_files();
  for (const auto& [path, value] : over.helm().values())
    (*base->mutable_helm()->mutable_values())[path] = value;
  if (!over.kustomize().image().empty())
    base->mutable_kustomize()->set_image(over.kustomize().image());
  if (!over.ignore_differences().empty())
    *base->mutable_ignore_differences() = over.ignore_differences();
}

}  // namespace slipway::pipeline
