#pragma once

#include <condition_variable>
#include <thread>

#include "libs/base/mutex.h"
#include "libs/telemetry/metrics.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/logs/log_reader.h"
#include "services/build/logs/log_store.h"
#include "services/build/store/work_store.h"

namespace slipway::build {

// Carries out the effects that were written down as work rows, until each succeeds: releases image
// tags, moves logs of ended jobs to the archive, confirms the deletion of apps. Owned by App; one
// thread.
class WorkLoop {
 public:
  WorkLoop(Core& core, PipelinePeer& pipeline, LogStore& logs, blob::BlobStore& blobs)
      : core_(core), pipeline_(pipeline), logs_(logs), blobs_(blobs) {}
  ~WorkLoop();

  void Start();
  void Stop();
  void Wake();

  // One round; the number of rows that were taken.
  int RunOnce();

 private:
  void Loop(const std::stop_token& stop);
  absl::Status CarryOut(const DueWork& work);
  absl::Status ArchiveLogs(const WorkItem& item);
  absl::Status ConfirmDeletion(const WorkItem& item);

  Core& core_;
  PipelinePeer& pipeline_;
  LogStore& logs_;
  blob::BlobStore& blobs_;
  Mutex mu_;
  std::condition_variable_any wake_;
  bool woken_ SLIPWAY_GUARDED_BY(mu_) = true;
  std::jthread thread_;
};

}  // namespace slipway::build
