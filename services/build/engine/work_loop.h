#pragma once

#include <condition_variable>
#include <thread>

#include "libs/base/mutex.h"
#include "libs/telemetry/metrics.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/logs/log_archive.h"
#include "services/build/logs/log_store.h"
#include "services/build/store/work_store.h"

namespace slipway::build {

// Carries out the effects that were written down as work rows, until each succeeds: releases image tags, moves logs of ended
// jobs to the archive, confirms the deletion of apps. Owned by App; one thread.
class WorkLoop {
 public:
  WorkLoop(Core& core, PipelinePeer& pipeline, LogStore& logs, LogArchive& archive)
      : core_(core), pipeline_(pipeline), logs_(logs), archive_(archive) {}
  ~WorkLoop();

  void Start();
  void Stop();
  void Wake();

  // One round; the number of rows that were taken.
  int RunOnce();

 private:
  void Loop(const std::stop_token& stop);
  absl::Status CarryOut(const DueWork& work);
  absl::Status ArchiveLog(const WorkItem& item);
  absl::Status ConfirmDeletion(const WorkItem& item);

  Core& core_;
  PipelinePeer& pipeline_;
  LogStore& logs_;
  LogArchive& archive_;
  Mutex mu_;
  std::condition_variable_any wake_;
  bool woken_ SLIPWAY_GUARDED_BY(mu_) = true;
  std::jthread thread_;
};

}  // namespace slipway::build
