#pragma once

#include <functional>

#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/events/outbox.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/replica_wire.h"
#include "services/gitops/domain/syncer.h"

namespace slipway::gitops {

// The loops of one gitops process over given parts; destroyed and made anew it is the process that
// comes after a kill.
struct TestProcess {
  // What it has to do with other processes on the same database: nothing.
  struct Sharing {
    Holdings& holdings = Unshared();
    std::function<void(const Notice&)> say = [](const Notice&) {};
  };
  TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository, Target& target,
              ActiveRepository active, Syncer::Options options, Sharing sharing);
  TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository, Target& target,
              ActiveRepository active, Syncer::Options options);
  ~TestProcess();
  // Whichever are wanted.
  void Start();
  void Stop();

  SystemClock clock;
  Watchers watchers;
  events::Outbox outbox;
  Lifecycle lifecycle;
  Deployer deployer;
  Committer committer;
  Syncer syncer;
};

}  // namespace slipway::gitops
