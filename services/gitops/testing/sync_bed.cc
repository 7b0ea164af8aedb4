#include "services/gitops/testing/sync_bed.h"

#include <catch2/catch.hpp>

#include "libs/db/run_tx.h"
#include "services/gitops/store/deployment_store.h"
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
