#include "services/gitops/domain/definition_events.h"

#include <vector>

#include "libs/base/status.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/sync_store.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {
namespace {

bool Concerns(const events::Event& event, const std::string& name, const EnvironmentState& state) {
  if (event.type == "project.changed") return name == "projects/" + state.where.project;
  if (event.type == "environment.changed") return name == "environments/" + state.where.environment;
  if (event.type == "cluster.changed") return name == "clusters/" + state.cluster;
  // The local target asks for the credential when it pulls.
  return state.cluster != kLocalCluster;
}

// Its last try may have failed for want of a credential.
bool WaitsForATry(const EnvironmentState& state) {
  return state.sync.retry.failures > 0 && state.sync.retry.next != absl::InfiniteFuture();
}

}  // namespace

absl::Status DefinitionEvents::OnEvent(db::Tx& tx, const events::Event& event) {
  const bool policy = event.type == "project.changed" || event.type == "environment.changed";
  const bool cluster = event.type == "cluster.changed";
  if (!policy && !cluster && event.type != "registry.changed") return absl::OkStatus();
  slipway::pipeline::v1::DefinitionChanged changed;
  if (!changed.ParseFromString(event.payload))
    return absl::InvalidArgumentError(event.type + " is not readable");
  SLIPWAY_ASSIGN_OR_RETURN(const auto all, environments::ListAll(tx));
  std::vector<AppEnvironment> affected;
  for (const EnvironmentState& state : all) {
    if (state.removed) continue;
    const bool waits = !policy && WaitsForATry(state);
    if (waits) SLIPWAY_RETURN_IF_ERROR(syncs::Hasten(tx, state.where));
    if (waits || Concerns(event, changed.name(), state)) affected.push_back(state.where);
  }
  tx.OnCommit([this, policy, cluster, name = changed.name(), affected = std::move(affected)] {
    if (policy) {
      syncer_.policies().Forget(name);
      say_({Notice::Kind::kDefinition, name});
    } else if (cluster) {
      const std::string id = name.substr(name.find('/') + 1);
      forget_cluster_(id);
      say_({Notice::Kind::kCluster, id});
    } else {
      syncer_.ForgetCredentials();
      say_({Notice::Kind::kCredentials});
    }
    for (const AppEnvironment& where : affected) {
      syncer_.Wake(where);
      say_({Notice::Kind::kEnvironment, where.Name()});
    }
  });
  return absl::OkStatus();
}

}  // namespace slipway::gitops
