#include "services/gitops/testing/test_process.h"

#include "services/gitops/domain/convert.h"

namespace slipway::gitops {

TestProcess::TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository,
                         Target& target, ActiveRepository active, Syncer::Options options)
    : outbox(pool),
      lifecycle(clock, outbox, watchers, nullptr),
      deployer(pool, pipeline, lifecycle),
      committer(pool, lifecycle, repository, active, nullptr),
      syncer({clock, pool, lifecycle, repository, active, target, pipeline}, options) {
  lifecycle.OnChanged([this](const AppEnvironment& where, DeploymentState state) {
    if (state == DeploymentState::DeploymentStatus_State_PENDING) committer.Wake();
    if (state == DeploymentState::DeploymentStatus_State_SYNCING) syncer.Wake(where);
    if (state == DeploymentState::DeploymentStatus_State_HEALTHY) deployer.Wake();
  });
}

TestProcess::~TestProcess() { Stop(); }

void TestProcess::Start() {
  syncer.Start();
  committer.Start();
  deployer.Start();
}

void TestProcess::Stop() {
  deployer.Stop();
  committer.Stop();
  syncer.Stop();
}

}  // namespace slipway::gitops
