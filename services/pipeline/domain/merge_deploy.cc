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
}

}  // namespace slipway::pipeline
