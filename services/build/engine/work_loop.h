#pragma once

#include "libs/base/wake_loop.h"
#include "libs/telemetry/metrics.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/logs/log_reader.h"
#include "services/build/logs/log_store.h"
#include "services/build/store/work_store.h"

namespace slipway::build {

// Carries out the effects that were written down as work rows, until each succeeds: releases image
// tags, moves logs of ended jobs to the archive and deletes those that were pruned, confirms the
// deletion of apps. Owned by App; one thread.
class WorkLoop {
 public:
  WorkLoop(Core& core, PipelinePeer& pipeline, LogStore& logs, blob::BlobStore& blobs)
      : core_(core),
        pipeline_(pipeline),
        logs_(logs),
        blobs_(blobs),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // One round; the number of rows that were taken.
  int RunOnce(const std::stop_token& stop = {});

 private:
  absl::Duration Pass(const std::stop_token& stop);
  absl::Status CarryOut(const DueWork& work);
  absl::Status ArchiveLogs(const WorkItem& item);
  absl::Status DeleteLog(const WorkItem& item);
  absl::Status ConfirmDeletion(const WorkItem& item);

  Core& core_;
  PipelinePeer& pipeline_;
  LogStore& logs_;
  blob::BlobStore& blobs_;
  WakeLoop loop_;
};

}  // namespace slipway::build
