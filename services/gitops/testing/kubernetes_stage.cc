#include "services/gitops/testing/kubernetes_stage.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/db/run_tx.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/provider_in_force.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {
namespace {

constexpr char kCluster[] = "test";

// This machine without podman: nothing runs here.
class NothingLocal final : public Target {
 public:
  absl::StatusOr<Applied> Apply(const DesiredState&) override {
    return absl::InvalidArgumentError("nothing runs on this machine");
  }
  absl::StatusOr<Observation> Observe(const DesiredState&) override { return Observation(); }
  absl::StatusOr<std::vector<AppEnvironment>> List() override {
    return std::vector<AppEnvironment>();
  }
  absl::Status Delete(const AppEnvironment&) override { return absl::OkStatus(); }
  void Subscribe(OnChange) override {}
  void Unsubscribe() override {}
};

}  // namespace

const AppEnvironment KubernetesStage::kDev = {"demo", "hello", "dev"};

KubernetesStage::KubernetesStage(Options options)
    : ns(std::make_unique<cluster_testing::TestNamespace>()),
      proxy(ns->cluster()),
      options_(std::move(options)) {
  const std::string direct = *ReadFile(ns->cluster().Kubeconfig());
  const size_t server = direct.find("https://");
  std::vector<std::string> also = {
      PairOf(proxy.url()),
      PairOf(direct.substr(server, direct.find_first_of("\"\n ,", server) - server))};
  for (const std::string& url : options_.reaches) also.push_back(PairOf(url));
  OpenRepository(std::move(also));
  local = std::make_unique<NothingLocal>();
  PutProviderInForce(database.pool(), access.url);
  slipway::pipeline::v1::KubernetesTarget cluster;
  cluster.mutable_kubeconfig()->set_value(*ReadFile(proxy.kubeconfig()));
  pipeline.SetCluster(kCluster, cluster);
  MakeApp(kDev);
  Restart();
}

KubernetesStage::~KubernetesStage() { process.reset(); }

void KubernetesStage::MakeApp(const AppEnvironment& where) {
  FakePipeline::Pipeline definition;
  definition.cluster = kCluster;
  definition.k8s_namespace = ns->name();
  definition.deploy.set_port(8080);
  pipeline.Set(where, definition);
}

void KubernetesStage::Restart() {
  process.reset();
  target = std::make_unique<TargetSet>(TargetSet::Parts{.pool = database.pool(),
                                                        .local = *local,
                                                        .pipeline = pipeline,
                                                        .guard = &*guard,
                                                        .installation = ns->name(),
                                                        .sweep_interval = options_.sweep_interval});
  process = std::make_unique<TestProcess>(database.pool(), pipeline, *repository, *target, Active(),
                                          options_.sync);
  process->Start();
}

void KubernetesStage::Deploy(const std::string& tag) {
  ++order_;
  Announce(ImageEvent("registry.test/demo/hello@sha256:" + Sha256Hex(tag), order_, tag));
}

Deployment KubernetesStage::DeployFiles(const std::map<std::string, std::string>& files) {
  std::vector<Manifest> manifests;
  for (const auto& [file, text] : files) manifests.push_back({file, text});
  return DeployFrom(kDev, "https://git.example.com/hello", manifests, kCluster, ns->name());
}

void KubernetesStage::Commit(const AppEnvironment& where,
                             const std::map<std::string, std::string>& files) {
  const auto known = db::RunTx(
      database.pool(), "test.environment", absl::Seconds(5), [&](db::Tx& tx) -> absl::Status {
        const auto found = environments::Get(tx, where);
        if (!found.ok() || *found) return found.status();
        const auto made = environments::TakeNumber(tx, where, kAppUid);
        if (!made.ok()) return made.status();
        return environments::SetApplied(
            tx, where, {.from = access.Place(), .cluster = kCluster, .k8s_namespace = ns->name()});
      });
  INFO(known);
  REQUIRE(known.ok());
  FolderCommit commit{.folder = where.Folder(), .message = "by hand\n", .time = absl::Now()};
  for (const auto& [file, text] : files) commit.files.push_back({file, text});
  const auto committed = repository->Commit(access, {commit});
  INFO(committed.status());
  REQUIRE(committed.ok());
  process->syncer.Wake(where);
}

void KubernetesStage::Tell(const std::string& event, const std::string& name) {
  DefinitionEvents events(
      process->syncer, [this](const std::string& cluster) { target->Forget(cluster); },
      [](const Notice&) {});
  slipway::pipeline::v1::DefinitionChanged changed;
  changed.set_name(name);
  const auto told = db::RunTx(database.pool(), "test.event", absl::Seconds(5), [&](db::Tx& tx) {
    return events.OnEvent(tx, {.type = event, .payload = changed.SerializeAsString()});
  });
  INFO(told);
  REQUIRE(told.ok());
}

EnvironmentState KubernetesStage::Environment(const AppEnvironment& where) {
  const auto found = db::RunTx(database.pool(), "test.state", absl::Seconds(5),
                               [&](db::Tx& tx) { return environments::Get(tx, where); });
  REQUIRE(found.ok());
  return found->value_or(EnvironmentState{});
}

bool KubernetesStage::AwaitSynced(const AppEnvironment& where, absl::Duration limit) {
  const auto head = repository->Head(access);
  REQUIRE(head.ok());
  const auto folder = repository->Folder(access, *head, where);
  REQUIRE(folder.ok());
  return Eventually(
      [&] {
        const EnvironmentState state = Environment(where);
        return state.applied_tree == folder->tree &&
               state.health == slipway::gitops::v1::DeploymentStatus::RUNNING &&
               state.drift.empty();
      },
      limit);
}

int64_t KubernetesStage::Writes(int64_t mark) {
  constexpr char kMethods[] = "PATCH|PUT|POST|DELETE";
  return proxy.Requests({.method = kMethods, .since = mark}).count -
         proxy.Requests({.method = kMethods, .path = "dryRun=All", .since = mark}).count;
}

int64_t KubernetesStage::Mark() { return proxy.Requests().last; }

}  // namespace slipway::gitops
