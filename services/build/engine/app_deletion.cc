#include "services/build/engine/app_deletion.h"

#include "libs/base/status.h"
#include "services/build/domain/states.h"
#include "services/build/store/outbox.h"
#include "services/build/store/run_store.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::build {

absl::Status ApplyPipelineEvent(Core& core, db::Tx& tx, const events::Event& event) {
  if (event.type != "app.deleting") return absl::OkStatus();
  pipeline::v1::DefinitionChanged change;
  if (!change.ParseFromString(event.payload) || change.app_uid().empty()) {
    return absl::InvalidArgumentError("event app.deleting has no readable payload");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<int64_t> active,
                           ActiveRunsOfApp(tx, change.app_uid()));
  for (const int64_t id : active) {
    SLIPWAY_ASSIGN_OR_RETURN(RunAggregate run, LockRun(tx, id));
    if (IsFinal(run.run().state)) continue;
    run.Cancel("service:pipeline", "its app is being deleted", core.clock.Now());
    SLIPWAY_RETURN_IF_ERROR(core.Save(tx, run));
  }
  SLIPWAY_RETURN_IF_ERROR(ArchiveApp(tx, change.app_uid()));
  tx.OnCommit([&core] { core.on_work(); });
  return WriteWork(tx, {{"confirm_deletion", change.name(), change.app_uid()}});
}

}  // namespace slipway::build
