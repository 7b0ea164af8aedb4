#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "libs/db/pool.h"
#include "libs/events/event.h"
#include "services/gitops/domain/replica_wire.h"
#include "services/gitops/domain/syncer.h"

namespace slipway::gitops {

// What people changed in pipeline and syncs keep to: windows, limits, self-heal, and the
// credentials of clusters and registries. What was known of it is forgotten, and the apps that it
// is about are looked at, since nothing else would make them be for minutes. Owned by App;
// thread-safe.
class DefinitionEvents {
 public:
  // `forget_cluster` gets the id of a cluster that has to be connected to anew.
  // `say` tells other replicas.
  DefinitionEvents(Syncer& syncer, std::function<void(const std::string& cluster)> forget_cluster,
                   std::function<void(const Notice&)> say)
      : syncer_(syncer), forget_cluster_(std::move(forget_cluster)), say_(std::move(say)) {}

  // Of pipeline; those that are about something else are left out. INVALID_ARGUMENT: not readable.
  absl::Status OnEvent(db::Tx& tx, const events::Event& event);

 private:
  Syncer& syncer_;
  const std::function<void(const std::string& cluster)> forget_cluster_;
  const std::function<void(const Notice&)> say_;
};

}  // namespace slipway::gitops
