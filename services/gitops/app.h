#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/leadership.h"
#include "libs/events/consumer_loop.h"
#include "libs/events/outbox.h"
#include "libs/git/mirror_store.h"
#include "libs/seal/key_ring.h"
#include "libs/service/event_stream.h"
#include "libs/service/janitor.h"
#include "libs/service/records_api.h"
#include "libs/service/runtime.h"
#include "services/gitops/api/gitops_api.h"
#include "services/gitops/client/pipeline_client.h"
#include "services/gitops/domain/cluster_leases.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/definition_events.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/project_repositories.h"
#include "services/gitops/domain/provider_validator.h"
#include "services/gitops/domain/providers.h"
#include "services/gitops/domain/remover.h"
#include "services/gitops/domain/replica_wire.h"
#include "services/gitops/domain/sync_controls.h"
#include "services/gitops/domain/syncer.h"
#include "services/gitops/provider/host_map.h"
#include "services/gitops/source/mirror_sweeper.h"
#include "services/gitops/source/source_worker.h"
#include "services/gitops/source/synced_apps.h"
#include "services/gitops/store/port_store.h"
#include "services/gitops/target/local/local_target.h"
#include "services/gitops/target/target_set.h"
#include "slipway/build/v1/build.grpc.pb.h"

namespace slipway::gitops {

// Settings of slipway-gitops.
struct Config {
  service::CommonConfig common;
  std::string pipeline_address;
  std::string build_address;
  std::string kek_file;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> provider_hosts;
  std::string instance = "gitops-0";
  std::string local_ports = "20000-20099";
  std::string local_events_file;
  std::string local_owner;
  std::string installation;
  absl::Duration cluster_lease = absl::Seconds(9);
  std::string containers_conf;
  std::string storage_conf;
  std::string registries_conf;
  std::string helm_binary;
  std::string kustomize_binary;
  absl::Duration sweep_interval = absl::Minutes(10);
  Syncer::Options sync;

  // From flags, environment and file; prints and exits on a mistake.
  static Config Parse(int argc, char** argv);
};

// Composition root: owns everything, in order of construction. What serves calls is stopped before
// what it calls.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Create(Config config);
  ~App();
  // Serves until SIGTERM; an error: it could not start serving.
  absl::Status Run();

 private:
  explicit App(Config config) : config_(std::move(config)) {}
  absl::Status Init();
  absl::Status InitTarget();
  void InitDomain();
  void InitConsumers();
  // What people changed in pipeline.
  absl::Status OnDefinition(db::Tx& tx, const events::Event& event);
  // What one replica does; runs from the time when this one leads.
  void StartWork();
  // What the replicas share: clusters, and what happened where.
  void InitReplicas();
  void CountClusters();
  void OnDeployment(const AppEnvironment& where, DeploymentState state);
  void OnNotice(const Notice& notice);
  // It is not known what other replicas did meanwhile.
  void LookAtAll();
  void Stop();

  const Config config_;
  std::unique_ptr<service::Runtime> runtime_;
  std::unique_ptr<seal::KeyRing> keys_;
  provider::HostMap hosts_;
  std::unique_ptr<http::OutgoingGuard> guard_;
  std::unique_ptr<http::HttpClient> host_client_;
  std::unique_ptr<git::GitCli> cli_;
  std::unique_ptr<git::MirrorStore> mirrors_;
  std::unique_ptr<MirrorSweeper> mirror_sweeper_;
  std::unique_ptr<rpc::Peer> pipeline_peer_;
  std::unique_ptr<rpc::Peer> build_peer_;
  std::unique_ptr<PipelineClient> pipeline_;
  std::unique_ptr<slipway::build::v1::BuildService::Stub> build_stub_;
  std::unique_ptr<ReplicaWire> wire_;
  std::unique_ptr<ClusterLeases> leases_;
  std::unique_ptr<PortStore> ports_;
  std::unique_ptr<local::LocalTarget> local_;
  std::unique_ptr<TargetSet> target_;
  std::unique_ptr<events::Outbox> outbox_;
  Watchers watchers_;
  std::unique_ptr<Lifecycle> lifecycle_;
  std::unique_ptr<DesiredRepository> repository_;
  std::unique_ptr<Providers> providers_;
  std::unique_ptr<Deployer> deployer_;
  std::unique_ptr<ProjectRepositories> project_repositories_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Syncer> syncer_;
  std::unique_ptr<DefinitionEvents> definition_events_;
  std::unique_ptr<Remover> remover_;
  std::unique_ptr<SourceRepository> source_repository_;
  std::unique_ptr<SourceRenderer> source_renderer_;
  std::unique_ptr<SourceWorker> source_worker_;
  std::unique_ptr<SyncedApps> synced_apps_;
  std::unique_ptr<ProviderValidator> validator_;
  std::unique_ptr<service::Janitor> janitor_;
  std::unique_ptr<DeploymentQueries> queries_;
  std::unique_ptr<SyncControls> syncs_;
  std::unique_ptr<GitOpsApi> api_;
  std::unique_ptr<service::RecordsApi> records_;
  std::unique_ptr<service::GrpcEventSource> build_events_;
  std::unique_ptr<service::GrpcEventSource> pipeline_events_;
  std::unique_ptr<events::ConsumerLoop> build_consumer_;
  std::unique_ptr<events::ConsumerLoop> pipeline_consumer_;
  std::unique_ptr<db::Leadership> leadership_;
  bool works_ = false;
};

}  // namespace slipway::gitops
