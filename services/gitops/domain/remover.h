#pragma once

#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/events/event.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/domain/syncer.h"
#include "services/gitops/store/work_store.h"

namespace slipway::gitops {

// Cleans up after deployment pipelines and apps that people delete: folder out of Git, workload off
// the target, port free, then the confirmation down to pipeline. Each step can be repeated, so a
// process that dies does it again. Owned by App; thread-safe.
class Remover {
 public:
  struct Parts {
    db::Pool& pool;
    Lifecycle& lifecycle;
    DesiredRepository& repository;
    ActiveRepository active;
    Syncer& syncer;
    PipelinePeer& pipeline;
  };
  explicit Remover(Parts parts)
      : parts_(std::move(parts)),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // pipeline's events: app.deleting, deployment_pipeline.deleting. Others are none of its business.
  absl::Status OnEvent(db::Tx& tx, const events::Event& event);

  absl::Duration Pass(const std::stop_token& stop);

 private:
  absl::Status Remove(const work::Removal& removal, const std::stop_token& stop);
  // Marks all environments of the removal as removed and ends what has not ended there.
  absl::StatusOr<std::vector<EnvironmentState>> Mark(const work::Removal& removal);

  Parts parts_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
