#include "services/gitops/testing/sync_bed.h"

#include <catch2/catch.hpp>

#include "libs/db/run_tx.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/source_store.h"
#include "services/gitops/testing/provider_in_force.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);

}  // namespace

SyncBed::SyncBed(Syncer::Options options) {
  OpenRepository();
  PutProviderInForce(database.pool(), access.url);
  process = std::make_unique<TestProcess>(database.pool(), pipeline, *repository, target, Active(),
                                          options);
}

namespace {

NewDeployment NewOf(const AppEnvironment& where) {
  NewDeployment make{.where = where, .app_uid = "uid-" + where.app, .actor = "automatic"};
  make.image = {.name = where.AppName() + "/images/1",
                .app_uid = make.app_uid,
                .project = where.project,
                .app = where.app,
                .reference = "registry.example/hello@sha256:" + std::string(64, 'a'),
                .digest = "sha256:" + std::string(64, 'a')};
  make.deploy.set_port(8080);
  return make;
}

Deployment Create(SyncBed& bed, const NewDeployment& make) {
  const auto made = db::RunTx(bed.database.pool(), "test.deploy", kTxTime,
                              [&](db::Tx& tx) { return bed.process->lifecycle.Create(tx, make); });
  INFO(made.status());
  REQUIRE(made.ok());
  return *made;
}

}  // namespace

Deployment SyncBed::Deploy(const AppEnvironment& where) { return Create(*this, NewOf(where)); }

Deployment SyncBed::DeployFrom(const AppEnvironment& where, const std::string& url,
                               const std::vector<Manifest>& manifests) {
  NewDeployment make = NewOf(where);
  make.deploy.set_path("deploy");
  make.repository.set_url(url);
  const Deployment deployment = Create(*this, make);
  SetManifests(deployment, manifests);
  return deployment;
}

void SyncBed::SetManifests(const Deployment& deployment, const std::vector<Manifest>& manifests) {
  const absl::Status written =
      db::RunTx(database.pool(), "test.manifests", kTxTime, [&](db::Tx& tx) {
        return sources::SetRendered(tx, deployment.id, "", manifests, deployment.deploy);
      });
  INFO(written);
  REQUIRE(written.ok());
}

Deployment SyncBed::Now(const Deployment& deployment) {
  const auto found = db::RunTx(database.pool(), "test.read", kTxTime,
                               [&](db::Tx& tx) { return deployments::GetById(tx, deployment.id); });
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  return **found;
}

Deployment SyncBed::Ended(const Deployment& deployment) {
  const bool ended = Eventually([&] { return IsFinal(Now(deployment).state); });
  INFO(StateName(Now(deployment).state) << ": " << Now(deployment).reason);
  REQUIRE(ended);
  return Now(deployment);
}

FolderState SyncBed::Folder(const AppEnvironment& where) { return Folder(where, access); }

FolderState SyncBed::Folder(const AppEnvironment& where, const RepositoryAccess& at) {
  REQUIRE(repository->Fetch(at).ok());
  const auto head = repository->Head(at);
  REQUIRE(head.ok());
  auto folder = repository->Folder(at, *head, where);
  INFO(folder.status());
  REQUIRE(folder.ok());
  return *std::move(folder);
}

}  // namespace slipway::gitops
