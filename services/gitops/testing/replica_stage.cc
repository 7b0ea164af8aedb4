#include "services/gitops/testing/replica_stage.h"

#include <catch2/catch.hpp>
#include <utility>

#include "services/gitops/testing/provider_in_force.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

constexpr char kName[] = "gitops";
constexpr const char* kClusters[] = {"east", "west"};
constexpr const char* kInstances[] = {"a", "b"};

}  // namespace

Replica::Replica(const Parts& parts)
    : folder_(*TempDir::Create("replica-")),
      mirrors_(parts.cli, folder_.path()),
      repository(mirrors_, parts.guard),
      wire(parts.pool, kName),
      leases(parts.pool,
             {.instance = parts.instance, .lease = parts.lease, .heartbeat = parts.lease / 3},
             {.gained = [this](const std::string& cluster) { process.syncer.Gained(cluster); },
              .lost = [this](const std::string& cluster) { target.Forget(cluster); },
              .changed = [this] { wire.Say({Notice::Kind::kLeases}); }}),
      target({.pool = parts.pool,
              .local = local_,
              .pipeline = parts.pipeline,
              .guard = &parts.guard,
              .installation = parts.installation,
              .holdings = &leases}),
      process(parts.pool, parts.pipeline, repository, target, parts.active, {},
              {leases, [this](const Notice& notice) { wire.Say(notice); }}),
      session_(parts.pool.options(), kName,
               {.gained = [] {},
                .lost = [] {},
                .heard =
                    [this](const std::string& text) {
                      if (const auto notice = wire.Hear(text)) OnNotice(*notice);
                    }}) {
  wire.Start(leases.session(), [this] { return leases.alone(); });
  leases.Start();
  process.syncer.Start();
  session_.Start();
}

Replica::~Replica() {
  session_.Stop();
  leases.Stop();
  if (!ended_) process.Stop();
  wire.Stop();
}

void Replica::End() {
  process.Stop();
  leases.Stop();
  leases.Release();
  ended_ = true;
}

void Replica::OnNotice(const Notice& notice) {
  if (notice.kind == Notice::Kind::kLeases) return leases.Wake();
  const auto where = ParseAppEnvironment(notice.name, "name");
  const bool elsewhere = notice.kind == Notice::Kind::kDeployment &&
                         notice.state != Status::SYNCING && notice.state != Status::PROGRESSING;
  if (where.ok() && !elsewhere) process.syncer.Wake(*where);
}

// Of the one that commits.
class ReplicaStage::NothingHeld final : public Holdings {
 public:
  Work Enter(const std::string&) override { return nullptr; }
  std::shared_ptr<const ClusterLease> LeaseOn(const std::string&) override { return nullptr; }
};

const AppEnvironment ReplicaStage::kEast = {"demo", "hello", "east"};
const AppEnvironment ReplicaStage::kWest = {"demo", "hello", "west"};

ReplicaStage::ReplicaStage() : nothing_(std::make_unique<NothingHeld>()) {
  for (const char* cluster : kClusters)
    namespaces[cluster] = std::make_unique<cluster_testing::TestNamespace>();
  std::vector<std::string> allowed;
  for (const char* instance : kInstances) {
    Access& own = instances[instance];
    own.proxy = std::make_unique<cluster_testing::FaultProxy>(namespaces["east"]->cluster());
    allowed.push_back(PairOf(own.proxy->url()));
    slipway::pipeline::v1::KubernetesTarget target;
    target.mutable_kubeconfig()->set_value(*ReadFile(own.proxy->kubeconfig()));
    for (const char* cluster : kClusters) own.pipeline.SetCluster(cluster, target);
  }
  OpenRepository(allowed);
  PutProviderInForce(database.pool(), access.url);
  wire_ = std::make_unique<ReplicaWire>(database.pool(), kName);
  wire_->Start("committer", [] { return false; });
  nowhere_ = std::make_unique<TargetSet>(TargetSet::Parts{
      .pool = database.pool(), .local = local_, .pipeline = pipeline, .holdings = nothing_.get()});
  process = std::make_unique<TestProcess>(
      database.pool(), pipeline, *repository, *nowhere_, Active(), Syncer::Options(),
      TestProcess::Sharing{*nothing_, [this](const Notice& notice) { wire_->Say(notice); }});
  process->committer.Start();
}

ReplicaStage::~ReplicaStage() {
  process.reset();
  wire_->Stop();
}

std::unique_ptr<Replica> ReplicaStage::Start(const std::string& instance) {
  return std::make_unique<Replica>(Replica::Parts{.pool = database.pool(),
                                                  .cli = *cli,
                                                  .guard = *guard,
                                                  .pipeline = instances.at(instance).pipeline,
                                                  .active = Active(),
                                                  .instance = instance,
                                                  .installation = namespaces["east"]->name(),
                                                  .lease = kLease});
}

Deployment ReplicaStage::DeployValue(const AppEnvironment& where, const std::string& value) {
  return DeployFrom(where, "https://git.test/sources.git",
                    {{"a.yaml",
                      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: "
                      "{key: \"" +
                          value + "\"}\n"}},
                    where.environment, namespaces.at(where.environment)->name());
}

std::string ReplicaStage::ValueOn(const AppEnvironment& where) {
  return namespaces.at(where.environment)
      ->Kubectl({"get", "configmap", "a", "--ignore-not-found", "-o", "jsonpath={.data.key}"});
}

void ReplicaStage::Drift(const AppEnvironment& where) {
  namespaces.at(where.environment)
      ->Kubectl({"patch", "configmap", "a", "--type=merge", "-p", R"({"data": {"key": "9"}})"});
}

bool ReplicaStage::AwaitValue(const AppEnvironment& where, const std::string& value,
                              absl::Duration limit) {
  return Eventually([&] { return ValueOn(where) == value; }, limit);
}

std::string ReplicaStage::HolderOf(const std::string& cluster) {
  return database.Value(
      "SELECT coalesce(max(holder), '') AS v FROM cluster_leases WHERE cluster = '" + cluster +
      "' AND expires_at > now()");
}

int64_t ReplicaStage::Writes(const std::string& instance, int64_t mark) {
  constexpr char kMethods[] = "PATCH|PUT|POST|DELETE";
  return instances.at(instance).proxy->Requests({.method = kMethods, .since = mark}).count;
}

int64_t ReplicaStage::Mark(const std::string& instance) {
  return instances.at(instance).proxy->Requests().last;
}

}  // namespace slipway::gitops
