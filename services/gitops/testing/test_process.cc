#include "services/gitops/testing/test_process.h"

#include <utility>

#include "services/gitops/domain/convert.h"

namespace slipway::gitops {

TestProcess::TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository,
                         Target& target, ActiveRepository active, Syncer::Options options)
    : TestProcess(pool, pipeline, repository, target, std::move(active), options, Sharing()) {}

TestProcess::TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository,
                         Target& target, ActiveRepository active, Syncer::Options options,
                         Sharing sharing)
    : outbox(pool),
      lifecycle(clock, outbox, watchers, nullptr),
      deployer(pool, pipeline, lifecycle),
      committer(pool, lifecycle, repository, active, nullptr),
      syncer({clock, pool, lifecycle, repository, active, target, pipeline, sharing.holdings,
              [say = sharing.say](const AppEnvironment& where) {
                say({Notice::Kind::kEnvironment, where.Name()});
              }},
             options) {
  lifecycle.OnChanged(
      [this, say = std::move(sharing.say)](const AppEnvironment& where, DeploymentState state) {
        if (state == DeploymentState::DeploymentStatus_State_PENDING) committer.Wake();
        if (state == DeploymentState::DeploymentStatus_State_SYNCING) syncer.Wake(where);
        if (state == DeploymentState::DeploymentStatus_State_HEALTHY) deployer.Wake();
        say({Notice::Kind::kDeployment, where.Name(), state});
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
