#include "services/gitops/testing/kubernetes_stage.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/testing/provider_in_force.h"

namespace slipway::gitops {
namespace {

constexpr char kUid[] = "uid-hello";
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
    : database({{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()},
               "gitops"),
      ns(std::make_unique<cluster_testing::TestNamespace>()),
      proxy(ns->cluster()),
      options_(std::move(options)),
      folder_(*TempDir::Create("gitops-")) {
  git.CreateRepository("ops");
  access = {.provider = "gitopsProviders/local", .url = git.Url("ops"), .branch = "main"};
  cli = *git::GitCli::Create({});
  mirrors = std::make_unique<git::MirrorStore>(*cli, folder_.path() + "/mirrors");
  const std::string direct = *ReadFile(ns->cluster().Kubeconfig());
  const size_t server = direct.find("https://");
  guard = *http::OutgoingGuard::Create(
      {PairOf(access.url), PairOf(proxy.url()),
       PairOf(direct.substr(server, direct.find_first_of("\"\n ,", server) - server))});
  repository = std::make_unique<DesiredRepository>(*mirrors, *guard);
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
                                                        .installation = ns->name()});
  process = std::make_unique<TestProcess>(
      database.pool(), pipeline, *repository, *target,
      [this]() -> absl::StatusOr<std::optional<RepositoryAccess>> { return access; },
      options_.sync);
  process->Start();
}

void KubernetesStage::Deploy(const std::string& tag) {
  slipway::build::v1::ImageCreated event;
  auto& image = *event.mutable_image();
  const std::string digest = "sha256:" + Sha256Hex(tag);
  image.set_name("projects/demo/apps/hello/images/" + ToLower(NewUlid(absl::Now())));
  image.set_reference("registry.test/demo/hello@" + digest);
  image.set_digest(digest);
  image.set_order(++order_);
  image.set_run("projects/demo/apps/hello/workflows/main/runs/" + std::to_string(order_));
  image.set_commit("c" + std::to_string(order_));
  image.set_ref("refs/heads/main");
  image.set_subject(tag);
  *image.mutable_create_time() = rpc::ToTimestamp(absl::Now());
  event.set_workflow("projects/demo/apps/hello/workflows/main");
  event.set_app_uid(kUid);
  event.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  auto& dev = *event.add_targets();
  dev.set_environment("dev");
  dev.set_automatic(true);
  const auto done = db::RunTx(database.pool(), "test.image", absl::Seconds(5),
                              [&](db::Tx& tx) { return process->deployer.OnImage(tx, event); });
  INFO(done);
  REQUIRE(done.ok());
}

void KubernetesStage::Commit(const AppEnvironment& where,
                             const std::map<std::string, std::string>& files) {
  const auto known = db::RunTx(
      database.pool(), "test.environment", absl::Seconds(5), [&](db::Tx& tx) -> absl::Status {
        const auto found = environments::Get(tx, where);
        if (!found.ok() || *found) return found.status();
        const auto made = environments::TakeNumber(tx, where, kUid);
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

std::optional<Deployment> KubernetesStage::Find(const AppEnvironment& where, int64_t number) {
  const auto found = db::RunTx(database.pool(), "test.find", absl::Seconds(5), [&](db::Tx& tx) {
    return deployments::Get(tx, {.where = where, .number = number});
  });
  return found.ok() ? *found : std::nullopt;
}

Deployment KubernetesStage::AwaitEnd(const AppEnvironment& where, int64_t number,
                                     absl::Duration limit) {
  std::optional<Deployment> last;
  const bool ended = Eventually(
      [&] {
        last = Find(where, number);
        return last && IsFinal(last->state);
      },
      limit);
  INFO((last ? std::string(StateName(last->state)) + " " + last->reason : "no deployment"));
  REQUIRE(ended);
  return *last;
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

std::vector<std::string> KubernetesStage::Journal(const std::string& subject) {
  std::vector<std::string> events;
  const auto records =
      db::RunTx(database.pool(), "test.journal", absl::Seconds(5),
                [&](db::Tx& tx) { return journal::List(tx, {.subject = subject}); });
  REQUIRE(records.ok());
  for (auto it = records->rbegin(); it != records->rend(); ++it) events.push_back(it->event);
  return events;
}

int64_t KubernetesStage::Writes(int64_t mark) {
  return proxy.Requests({.method = "PATCH|PUT|POST|DELETE", .since = mark}).count;
}

int64_t KubernetesStage::Mark() { return proxy.Requests().last; }

}  // namespace slipway::gitops
