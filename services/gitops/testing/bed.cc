#include "services/gitops/testing/bed.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/source_store.h"
#include "services/gitops/testing/provider_in_force.h"

namespace slipway::gitops {
namespace {

NewDeployment NewOf(const AppEnvironment& where, const std::string& cluster,
                    const std::string& k8s_namespace) {
  NewDeployment make{.where = where, .app_uid = "uid-" + where.app, .actor = "automatic"};
  make.image = {.name = where.AppName() + "/images/1",
                .app_uid = make.app_uid,
                .project = where.project,
                .app = where.app,
                .reference = "registry.example/hello@sha256:" + std::string(64, 'a'),
                .digest = "sha256:" + std::string(64, 'a')};
  make.deploy.set_port(8080);
  make.cluster = cluster;
  make.k8s_namespace = k8s_namespace;
  return make;
}

}  // namespace

Bed::Bed()
    : database({{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()},
               "gitops"),
      folder_(*TempDir::Create("gitops-")) {
  git.CreateRepository("ops");
  access = {.provider = "gitopsProviders/local", .url = git.Url("ops"), .branch = "main"};
  cli = *git::GitCli::Create({});
  mirrors = std::make_unique<git::MirrorStore>(*cli, folder_.path() + "/mirrors");
}

Bed::~Bed() = default;

void Bed::OpenRepository(std::vector<std::string> also) {
  also.push_back(PairOf(access.url));
  guard = *http::OutgoingGuard::Create(also);
  repository = std::make_unique<DesiredRepository>(*mirrors, *guard);
}

slipway::build::v1::ImageCreated Bed::ImageEvent(const std::string& reference, int64_t order,
                                                 const std::string& subject) {
  slipway::build::v1::ImageCreated event;
  auto& image = *event.mutable_image();
  image.set_name("projects/demo/apps/hello/images/" + ToLower(NewUlid(absl::Now())));
  image.set_reference(reference);
  image.set_digest(reference.substr(reference.find('@') + 1));
  image.set_run("projects/demo/apps/hello/workflows/main/runs/" + std::to_string(order));
  image.set_commit("c" + std::to_string(order));
  image.set_ref("refs/heads/main");
  image.set_order(order);
  image.set_subject(subject);
  *image.mutable_create_time() = rpc::ToTimestamp(absl::Now());
  event.set_workflow("projects/demo/apps/hello/workflows/main");
  event.set_app_uid(kAppUid);
  event.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  auto& dev = *event.add_targets();
  dev.set_environment("dev");
  dev.set_automatic(true);
  return event;
}

Deployment Bed::Create(const NewDeployment& make) {
  const auto made = db::RunTx(database.pool(), "test.deploy", absl::Seconds(5),
                              [&](db::Tx& tx) { return process->lifecycle.Create(tx, make); });
  INFO(made.status());
  REQUIRE(made.ok());
  return *made;
}

Deployment Bed::Deploy(const AppEnvironment& where, const std::string& cluster,
                       const std::string& k8s_namespace) {
  return Create(NewOf(where, cluster, k8s_namespace));
}

Deployment Bed::DeployFrom(const AppEnvironment& where, const std::string& url,
                           const std::vector<Manifest>& manifests, const std::string& cluster,
                           const std::string& k8s_namespace) {
  NewDeployment make = NewOf(where, cluster, k8s_namespace);
  make.deploy.set_path("deploy");
  make.repository.set_url(url);
  const Deployment deployment = Create(make);
  SetManifests(deployment, manifests);
  return deployment;
}

void Bed::SetManifests(const Deployment& deployment, const std::vector<Manifest>& manifests) {
  const absl::Status written =
      db::RunTx(database.pool(), "test.manifests", absl::Seconds(5), [&](db::Tx& tx) {
        return sources::SetRendered(tx, deployment.id, "", manifests, deployment.deploy);
      });
  INFO(written);
  REQUIRE(written.ok());
  process->committer.Wake();
}

std::optional<Deployment> Bed::Find(const AppEnvironment& where, int64_t number) {
  const auto found = db::RunTx(database.pool(), "test.find", absl::Seconds(5), [&](db::Tx& tx) {
    return deployments::Get(tx, {.where = where, .number = number});
  });
  return found.ok() ? *found : std::nullopt;
}

Deployment Bed::Await(const AppEnvironment& where, int64_t number,
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

Deployment Bed::AwaitEnd(const AppEnvironment& where, int64_t number, absl::Duration limit) {
  return Await(
      where, number, [](const Deployment& deployment) { return IsFinal(deployment.state); }, limit);
}

bool Bed::Eventually(const std::function<bool()>& good, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (!good()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

Remover::Parts Bed::RemoverParts() {
  return {database.pool(), process->lifecycle, *repository, Active(), process->syncer, pipeline};
}

void Bed::Announce(const slipway::build::v1::ImageCreated& event) {
  const auto done = db::RunTx(database.pool(), "test.image", absl::Seconds(5),
                              [&](db::Tx& tx) { return process->deployer.OnImage(tx, event); });
  INFO(done);
  REQUIRE(done.ok());
}

std::vector<std::string> Bed::Journal(const std::string& subject) {
  std::vector<std::string> events;
  const auto records =
      db::RunTx(database.pool(), "test.journal", absl::Seconds(5),
                [&](db::Tx& tx) { return journal::List(tx, {.subject = subject}); });
  REQUIRE(records.ok());
  for (auto it = records->rbegin(); it != records->rend(); ++it) events.push_back(it->event);
  return events;
}

}  // namespace slipway::gitops
