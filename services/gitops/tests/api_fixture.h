#pragma once

#include <sodium.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/base/file.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "libs/journal/journal.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/status.h"
#include "libs/rpc/timestamp.h"
#include "libs/service/runtime.h"
#include "services/gitops/api/gitops_api.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/testing/provider_in_force.h"
#include "services/gitops/testing/stage.h"

namespace slipway::gitops {

// The service as users reach it: a gRPC server in this process, called with signed assertions, over
// PostgreSQL. The loops that work on deployments do not run: what they do, the test does.
class ApiFixture {
 public:
  using Stub = v1::GitOpsService::Stub;
  using Principal = auth::v1::Principal;

  ApiFixture() {
    REQUIRE(sodium_init() >= 0);
    signer_ = std::make_unique<rpc::AssertionSigner>(
        *rpc::AssertionSigner::FromSeed(std::string(32, 's')));
    REQUIRE(seal::CreateKeyFile(folder_.path() + "/kek").ok());
    keys_ = *seal::KeyRing::Load({folder_.path() + "/kek"});
    service::Runtime::Options options;
    options.name = "gitops";
    options.config.listen = Address();
    options.config.database = database.dsn();
    options.config.log_level = "error";
    options.migrations = {
        {"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()};
    options.fetch_keys = [this] { return std::vector<std::string>{signer_->public_key()}; };
    options.audit_append = [](const auto&) { return absl::OkStatus(); };
    auto created = service::Runtime::Create(std::move(options));
    INFO(created.status());
    REQUIRE(created.ok());
    runtime = *std::move(created);
    outbox = std::make_unique<events::Outbox>(runtime->pool());
    lifecycle =
        std::make_unique<Lifecycle>(runtime->clock(), *outbox, watchers, &runtime->metrics());
    providers = std::make_unique<Providers>(runtime->pool(), runtime->clock(), *keys_);
    deployer = std::make_unique<Deployer>(runtime->pool(), pipeline, *lifecycle);
    queries = std::make_unique<DeploymentQueries>(runtime->pool());
    policies = std::make_unique<SyncPolicies>(runtime->clock(), runtime->pool(), pipeline);
    syncs = std::make_unique<SyncControls>(SyncControls::Parts{
        runtime->clock(), runtime->pool(), *lifecycle, pipeline, *policies});
    api = std::make_unique<GitOpsApi>(GitOpsApi::Parts{runtime->gate(), runtime->streams(),
                                                       runtime->audit(), *providers, *deployer,
                                                       *queries, *syncs, watchers, *outbox});
    const absl::Status served = runtime->Serve({api.get()}, {GitOpsApi::Contract()});
    INFO(served);
    REQUIRE(served.ok());
    stub = v1::GitOpsService::NewStub(rpc::MakeChannel(Address()));
    for (const AppEnvironment& where : {Stage::kDev, Stage::kProd}) pipeline.Set(where, {});
  }
  ~ApiFixture() {
    runtime->Shutdown();
    outbox->Stop();
  }

  std::string Address() const { return "unix:" + folder_.path() + "/sock"; }

  static Principal User(auth::v1::Role role, const std::string& project = "",
                        const std::string& app = "", const std::string& environment = "") {
    Principal principal;
    principal.set_kind(Principal::USER);
    principal.set_id("ann");
    auto* grant = principal.add_grants();
    grant->set_role(role);
    grant->set_project(project);
    grant->set_app(app);
    grant->set_environment(environment);
    return principal;
  }
  static Principal Service(const std::string& id) {
    Principal principal;
    principal.set_kind(Principal::SERVICE);
    principal.set_id(id);
    return principal;
  }
  void Sign(grpc::ClientContext& context, const Principal& as) const {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata(rpc::kAssertionKey, Assertion(as));
  }
  std::string Assertion(const Principal& as) const {
    return signer_->Sign(as, absl::Now() + absl::Seconds(60));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const Principal& as,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    Sign(context, as);
    Response response;
    const absl::Status status = rpc::FromGrpc((*stub.*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::Deployment> Deploy(const Principal& as, const AppEnvironment& where,
                                        const std::string& image = "",
                                        const std::string& request_id = "") {
    v1::CreateDeploymentRequest request;
    request.set_parent(where.Name());
    request.set_image(image);
    request.set_request_id(request_id);
    return Call(as, &Stub::CreateDeployment, request);
  }
  absl::StatusOr<v1::Deployment> Rollback(const AppEnvironment& where, int64_t to,
                                          v1::RollbackConfig config) {
    v1::RollbackRequest request;
    request.set_name(where.Name());
    request.set_to(to);
    request.set_config(config);
    return Call(super, &Stub::Rollback, request);
  }

  // The provider whose validation passed.
  void ActivateProvider() {
    PutProviderInForce(runtime->pool(), "https://git.example.org/ops.git");
  }
  // build tells of an image of app demo/hello; its digest.
  std::string AddImage(int64_t order) {
    build::v1::ImageCreated event;
    auto& image = *event.mutable_image();
    const std::string digest =
        "sha256:" + std::string(62, 'a') + (order < 10 ? "0" : "") + std::to_string(order);
    image.set_name("projects/demo/apps/hello/images/i" + std::to_string(order));
    image.set_reference("registry.example.org/demo/hello@" + digest);
    image.set_digest(digest);
    image.set_run("projects/demo/apps/hello/workflows/main/runs/" + std::to_string(order));
    image.set_commit("c" + std::to_string(order));
    image.set_ref("refs/heads/main");
    image.set_order(order);
    *image.mutable_create_time() = rpc::ToTimestamp(absl::Now());
    event.set_workflow("projects/demo/apps/hello/workflows/main");
    event.set_app_uid("uid-hello");
    InTx([&](db::Tx& tx) { return deployer->OnImage(tx, event); });
    return digest;
  }
  // Takes the newest deployment of an environment through its states to HEALTHY.
  void MakeHealthy(const AppEnvironment& where) {
    InTx([&](db::Tx& tx) -> absl::Status {
      const auto deployment = deployments::Get(tx, {.where = where});
      REQUIRE((deployment.ok() && *deployment));
      for (const DeploymentEvent event : {DeploymentEvent::kPicked, DeploymentEvent::kPushed,
                                          DeploymentEvent::kApplied, DeploymentEvent::kHealthy}) {
        const auto next = lifecycle->Advance(tx, (*deployment)->id, event, {});
        if (!next.ok()) return next.status();
        REQUIRE(*next);
      }
      return absl::OkStatus();
    });
  }
  void InTx(const std::function<absl::Status(db::Tx&)>& body) {
    const absl::Status done = db::RunTx(runtime->pool(), "test", absl::Seconds(10), body);
    INFO(done);
    REQUIRE(done.ok());
  }

 private:
  TempDir folder_ = *TempDir::Create("gitops-api");
  std::unique_ptr<rpc::AssertionSigner> signer_;
  std::unique_ptr<seal::KeyRing> keys_;

 public:
  const Principal super = User(auth::v1::Role::SUPER_ADMIN);
  db::TestDatabase database{{}, "gitops"};
  FakePipeline pipeline;
  Watchers watchers;
  std::unique_ptr<service::Runtime> runtime;
  std::unique_ptr<events::Outbox> outbox;
  std::unique_ptr<Lifecycle> lifecycle;
  std::unique_ptr<Providers> providers;
  std::unique_ptr<Deployer> deployer;
  std::unique_ptr<DeploymentQueries> queries;
  std::unique_ptr<SyncPolicies> policies;
  std::unique_ptr<SyncControls> syncs;
  std::unique_ptr<GitOpsApi> api;
  std::unique_ptr<Stub> stub;
};

}  // namespace slipway::gitops
