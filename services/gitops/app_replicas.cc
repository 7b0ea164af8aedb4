#include <signal.h>
#include <unistd.h>

#include <utility>

#include "libs/base/error.h"
#include "services/gitops/app.h"

// What an App does as one of several replicas: which work is its own, and what they tell each
// other.
namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

// Of all replicas one commits and consumes events; each works on the clusters that it holds.
constexpr char kLeadership[] = "gitops";

}  // namespace

void App::InitReplicas() {
  wire_ = std::make_unique<ReplicaWire>(runtime_->pool(), kLeadership);
  leases_ = std::make_unique<ClusterLeases>(
      runtime_->pool(),
      ClusterLeases::Options{.instance = config_.instance,
                             .lease = config_.cluster_lease,
                             .heartbeat = config_.cluster_lease / 3},
      ClusterLeases::Callbacks{.gained =
                                   [this](const std::string& cluster) {
                                     CountClusters();
                                     syncer_->Gained(cluster);
                                   },
                               .lost =
                                   [this](const std::string& cluster) {
                                     CountClusters();
                                     target_->Forget(cluster);
                                   },
                               .changed = [this] { wire_->Say({Notice::Kind::kLeases}); }});
}

void App::CountClusters() {
  runtime_->metrics().SetGauge("slipway_clusters_held", "Clusters that this replica works on.", {},
                               static_cast<double>(leases_->held().size()));
}

void App::OnDeployment(const AppEnvironment& where, DeploymentState state) {
  if (state == Status::PENDING) {
    committer_->Wake();
    source_worker_->Wake();
  }
  if (state == Status::SYNCING) syncer_->Wake(where);
  if (state == Status::HEALTHY) deployer_->Wake();
}

void App::OnNotice(const Notice& notice) {
  switch (notice.kind) {
    case Notice::Kind::kDeployment:
    case Notice::Kind::kEnvironment: {
      const auto where = ParseAppEnvironment(notice.name, "name");
      if (!where.ok()) return;
      watchers_.Changed(*where);
      OnDeployment(*where, notice.state);
      // What was applied elsewhere may have left something here.
      const bool arrived = notice.state == Status::PROGRESSING;
      if (notice.kind == Notice::Kind::kEnvironment || arrived) syncer_->Wake(*where);
      return;
    }
    case Notice::Kind::kPush:
      syncer_->NotePush(notice.name);
      synced_apps_->NotePush(notice.name);
      return;
    case Notice::Kind::kDefinition:
      return syncer_->policies().Forget(notice.name);
    case Notice::Kind::kCluster:
      return target_->Forget(notice.name);
    case Notice::Kind::kCredentials:
      return syncer_->ForgetCredentials();
    case Notice::Kind::kProvider:
      validator_->Wake();
      committer_->Wake();
      return syncer_->WakeAll();
    case Notice::Kind::kLeases:
      return leases_->Wake();
  }
}

void App::LookAtAll() {
  if (leases_->alone()) return;
  leases_->Wake();
  watchers_.AllChanged();
  target_->ForgetAll();
  syncer_->ForgetCredentials();
  committer_->Wake();
  source_worker_->Wake();
  deployer_->Wake();
  validator_->Wake();
  syncer_->WakeAll();
  for (const std::string& cluster : leases_->held()) syncer_->Gained(cluster);
}

void App::StartWork() {
  runtime_->metrics().SetGauge("slipway_leader", "This replica does the work that only one may.",
                               {{"work", kLeadership}}, 1);
  if (std::exchange(works_, true)) return;
  target_->WatchLocal();
  leases_->Lead();
  syncer_->Gained(kLocalCluster);
  committer_->Start();
  deployer_->Start();
  source_worker_->Start();
  synced_apps_->Start();
  remover_->Start();
  validator_->Start();
  build_consumer_->Start();
  pipeline_consumer_->Start();
}

absl::Status App::Run() {
  outbox_->Start();
  janitor_->Start();
  mirror_sweeper_->Start();
  runtime_->metrics().SetGauge("slipway_leader", "This replica does the work that only one may.",
                               {{"work", kLeadership}}, 0);
  leadership_ = std::make_unique<db::Leadership>(
      runtime_->pool().options(), kLeadership,
      // Who is told that another leads ends, and comes back as one that waits.
      db::Leadership::Callbacks{.gained = [this] { StartWork(); },
                                .lost = [] { ::kill(::getpid(), SIGTERM); },
                                .heard =
                                    [this](const std::string& text) {
                                      if (const auto notice = wire_->Hear(text)) OnNotice(*notice);
                                    },
                                .missed = [this] { LookAtAll(); }});
  wire_->Start(leases_->session(), [this] { return leases_->alone(); });
  leases_->Start();
  syncer_->Start();
  leadership_->Start();
  const absl::Status served = runtime_->Serve(
      {api_.get(), records_.get()}, {GitOpsApi::Contract(), service::RecordsApi::Contract()});
  if (served.ok()) runtime_->WaitForSignal();
  Stop();
  return served;
}

void App::Stop() {
  runtime_->Shutdown();
  leadership_->Stop();
  pipeline_consumer_->Stop();
  build_consumer_->Stop();
  janitor_->Stop();
  mirror_sweeper_->Stop();
  validator_->Stop();
  remover_->Stop();
  synced_apps_->Stop();
  source_worker_->Stop();
  deployer_->Stop();
  committer_->Stop();
  syncer_->Stop();
  // Nothing works any more here: another may.
  leases_->Stop();
  leases_->Release();
  leadership_->Release();
  wire_->Stop();
  outbox_->Stop();
}

}  // namespace slipway::gitops
