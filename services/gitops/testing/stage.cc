#include "services/gitops/testing/stage.h"

#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/testing/provider_in_force.h"
#include "services/gitops/testing/push_image.h"

namespace slipway::gitops {
namespace {

constexpr char kUid[] = "uid-hello";

}  // namespace

void FakePipeline::Set(const AppEnvironment& where, const Pipeline& pipeline) {
  MutexLock lock(mu_);
  pipelines_[where] = pipeline;
}

void FakePipeline::Forget(const AppEnvironment& where) {
  MutexLock lock(mu_);
  pipelines_.erase(where);
}

void FakePipeline::SetCredential(PullCredential credential) {
  MutexLock lock(mu_);
  credentials_ = {std::move(credential)};
}

void FakePipeline::SetCluster(const std::string& id,
                              slipway::pipeline::v1::KubernetesTarget cluster) {
  MutexLock lock(mu_);
  clusters_[id] = std::move(cluster);
}

std::vector<std::string> FakePipeline::confirmed() {
  MutexLock lock(mu_);
  return confirmed_;
}

absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> FakePipeline::ResolveDeployment(
    const AppEnvironment& where) {
  MutexLock lock(mu_);
  const auto found = pipelines_.find(where);
  if (found == pipelines_.end())
    return absl::NotFoundError("no deployment pipeline " + where.Name());
  slipway::pipeline::v1::ResolveDeploymentResponse response;
  response.set_workflow(where.AppName() + "/workflows/main");
  response.set_app_uid(kUid);
  *response.mutable_deploy() = found->second.deploy;
  response.mutable_pipeline()->set_environment(where.environment);
  response.mutable_environment()->mutable_spec()->set_cluster(found->second.cluster);
  if (found->second.cluster != "local") {
    response.mutable_cluster()->mutable_spec()->mutable_kubernetes();
  }
  response.mutable_environment()->mutable_spec()->set_namespace_(found->second.k8s_namespace);
  response.mutable_pipeline()->set_after(found->second.after);
  response.mutable_pipeline()->set_trigger(
      found->second.automatic ? slipway::pipeline::v1::AUTOMATIC : slipway::pipeline::v1::MANUAL);
  for (const std::string& next : found->second.next) response.add_next(next);
  *response.mutable_repository() = found->second.repository;
  response.set_synced(found->second.synced);
  return response;
}

absl::StatusOr<std::vector<PullCredential>> FakePipeline::PullCredentials(const std::string& host) {
  MutexLock lock(mu_);
  std::vector<PullCredential> found;
  for (const PullCredential& credential : credentials_) {
    if (credential.host == host) found.push_back(credential);
  }
  return found;
}

absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> FakePipeline::ResolveCluster(
    const std::string& cluster) {
  MutexLock lock(mu_);
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return absl::NotFoundError("no cluster " + cluster);
  return found->second;
}

void FakePipeline::SetProject(const std::string& id, slipway::pipeline::v1::ProjectSpec spec) {
  MutexLock lock(mu_);
  projects_[id] = std::move(spec);
}

void FakePipeline::SetEnvironment(const std::string& id,
                                  slipway::pipeline::v1::EnvironmentSpec spec) {
  MutexLock lock(mu_);
  environments_[id] = std::move(spec);
}

void FakePipeline::SetAway(bool away) {
  MutexLock lock(mu_);
  away_ = away;
}

absl::StatusOr<slipway::pipeline::v1::ProjectSpec> FakePipeline::GetProject(
    const std::string& project) {
  MutexLock lock(mu_);
  if (away_) return absl::UnavailableError("pipeline is away");
  return projects_[project];
}

absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> FakePipeline::GetEnvironment(
    const std::string& environment) {
  MutexLock lock(mu_);
  if (away_) return absl::UnavailableError("pipeline is away");
  return environments_[environment];
}

absl::StatusOr<GitCredential> FakePipeline::GitAccount(const std::string& account,
                                                       const std::string&) {
  return absl::NotFoundError("no account " + account);
}

absl::StatusOr<slipway::pipeline::v1::App> FakePipeline::GetApp(const std::string& name) {
  MutexLock lock(mu_);
  slipway::pipeline::v1::App app;
  app.set_name(name);
  for (const auto& [where, pipeline] : pipelines_) {
    if (where.AppName() != name || !pipeline.synced) continue;
    app.mutable_spec()->add_environments()->set_environment(where.environment);
  }
  return app;
}

absl::Status FakePipeline::ConfirmDeletion(const std::string& name, const std::string&) {
  MutexLock lock(mu_);
  confirmed_.push_back(name);
  return absl::OkStatus();
}

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

const AppEnvironment Stage::kDev = {"demo", "hello", "dev"};
const AppEnvironment Stage::kProd = {"demo", "hello", "prod"};

Stage::Stage(Options options)
    : registry(options.registry_user, options.registry_password),
      podman({registry.address()}),
      database({{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()},
               "gitops"),
      options_(std::move(options)),
      folder_(*TempDir::Create("gitops-")) {
  git.CreateRepository("ops");
  access = {.provider = "gitopsProviders/local", .url = git.Url("ops"), .branch = "main"};
  cli = *git::GitCli::Create({});
  mirrors = std::make_unique<git::MirrorStore>(*cli, folder_.path() + "/mirrors");
  guard = *http::OutgoingGuard::Create({PairOf(access.url)});
  repository = std::make_unique<DesiredRepository>(*mirrors, *guard);
  // Ports by process id: test programs run side by side.
  const int first = 20000 + static_cast<int>(::getpid() % 300) * 30;
  ports = std::make_unique<PortStore>(database.pool(), first, first + 29);
  if (options_.active_provider) PutProviderInForce(database.pool(), access.url);
  MakePipelines();
  Restart();
}

Stage::~Stage() { process.reset(); }

void Stage::MakePipelines() {
  FakePipeline::Pipeline dev;
  dev.deploy.set_port(8080);
  dev.deploy.set_health_path("/index.html");
  dev.next = {"prod"};
  pipeline.Set(kDev, dev);
  FakePipeline::Pipeline prod = dev;
  prod.after = "dev";
  prod.automatic = false;
  prod.next = {};
  pipeline.Set(kProd, prod);
}

void Stage::Restart(bool start) {
  process.reset();
  target = std::make_unique<local::LocalTarget>(
      local::LocalTarget::Options{
          .owner = "test", .podman = podman.options(), .events_file = podman.events_file()},
      *ports);
  const bool active = options_.active_provider;
  process = std::make_unique<TestProcess>(
      database.pool(), pipeline, *repository, *target,
      [this, active]() -> absl::StatusOr<std::optional<RepositoryAccess>> {
        if (!active) return std::nullopt;
        return access;
      },
      options_.sync);
  if (start) process->Start();
}

slipway::build::v1::ImageCreated Stage::MakeImage(const std::string& text, int64_t order,
                                                  const std::string& command) {
  const std::string reference = PushImage(registry, "demo/hello", text, command);
  slipway::build::v1::ImageCreated event;
  auto& image = *event.mutable_image();
  image.set_name("projects/demo/apps/hello/images/" + ToLower(NewUlid(absl::Now())));
  image.set_reference(reference);
  image.set_digest(reference.substr(reference.find('@') + 1));
  image.set_run("projects/demo/apps/hello/workflows/main/runs/" + std::to_string(order));
  image.set_commit("c" + std::to_string(order));
  image.set_ref("refs/heads/main");
  image.set_order(order);
  image.set_subject(text);
  *image.mutable_create_time() = rpc::ToTimestamp(absl::Now());
  event.set_workflow("projects/demo/apps/hello/workflows/main");
  event.set_app_uid(kUid);
  event.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  auto& dev = *event.add_targets();
  dev.set_environment("dev");
  dev.set_automatic(true);
  auto& prod = *event.add_targets();
  prod.set_environment("prod");
  prod.set_after("dev");
  return event;
}

void Stage::Announce(const slipway::build::v1::ImageCreated& event) {
  const auto done = db::RunTx(database.pool(), "test.image", absl::Seconds(5),
                              [&](db::Tx& tx) { return process->deployer.OnImage(tx, event); });
  INFO(done);
  REQUIRE(done.ok());
}

std::optional<Deployment> Stage::Find(const AppEnvironment& where, int64_t number) {
  const auto found = db::RunTx(database.pool(), "test.find", absl::Seconds(5), [&](db::Tx& tx) {
    return deployments::Get(tx, {.where = where, .number = number});
  });
  return found.ok() ? *found : std::nullopt;
}

Deployment Stage::Await(const AppEnvironment& where, int64_t number,
                        const std::function<bool(const Deployment&)>& good, absl::Duration limit) {
  std::optional<Deployment> last;
  const bool reached = Eventually(
      [&] {
        last = Find(where, number);
        return last && good(*last);
      },
      limit);
  INFO("deployment " << number << " of " << where.Name() << ": "
                     << (last ? std::string(StateName(last->state)) + " " + last->reason : "none"));
  REQUIRE(reached);
  return *last;
}

Deployment Stage::AwaitEnd(const AppEnvironment& where, int64_t number, absl::Duration limit) {
  return Await(
      where, number, [](const Deployment& deployment) { return IsFinal(deployment.state); }, limit);
}

bool Stage::Eventually(const std::function<bool()>& good, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (!good()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

std::string Stage::Fetch(const std::string& url) {
  http::HttpClient client;
  const auto answer = client.Send({.url = url, .timeout = absl::Seconds(2)});
  return answer.ok() && answer->status == 200 ? answer->body : "";
}

std::vector<std::string> Stage::Journal(const std::string& subject) {
  std::vector<std::string> events;
  const auto records =
      db::RunTx(database.pool(), "test.journal", absl::Seconds(5),
                [&](db::Tx& tx) { return journal::List(tx, {.subject = subject}); });
  REQUIRE(records.ok());
  for (auto it = records->rbegin(); it != records->rend(); ++it) events.push_back(it->event);
  return events;
}

}  // namespace slipway::gitops
