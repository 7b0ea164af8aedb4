#include "services/pipeline/domain/references.h"

#include <set>

#include "services/pipeline/domain/kind.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {

std::vector<std::string> ReferencesOf(const google::protobuf::Message& resource) {
  std::set<std::string> targets;
  switch (KindOf(resource)) {
    case Kind::kApp:
      for (const v1::Repository& repository :
           static_cast<const v1::App&>(resource).spec().repositories()) {
        if (!repository.account().empty())
          targets.insert(MakeName(Kind::kGitAccount, "", repository.account()));
      }
      for (const v1::SyncTarget& target :
           static_cast<const v1::App&>(resource).spec().environments()) {
        targets.insert(MakeName(Kind::kEnvironment, "", target.environment()));
      }
      break;
    case Kind::kEnvironment:
      targets.insert(MakeName(Kind::kCluster, "",
                              static_cast<const v1::Environment&>(resource).spec().cluster()));
      break;
    case Kind::kWorkflow: {
      const v1::WorkflowSpec& spec = static_cast<const v1::Workflow&>(resource).spec();
      const std::string& registry = spec.source().build().image().registry();
      targets.insert(registry.empty() ? kDefaultRegistryTarget
                                      : MakeName(Kind::kRegistry, "", registry));
      for (const v1::DeploymentPipeline& pipeline : spec.deployment_pipelines()) {
        targets.insert(MakeName(Kind::kEnvironment, "", pipeline.environment()));
      }
      break;
    }
    default:
      break;
  }
  return {targets.begin(), targets.end()};
}

}  // namespace slipway::pipeline
