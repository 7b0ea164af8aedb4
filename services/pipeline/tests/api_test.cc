#include <sodium.h>

#include <catch2/catch.hpp>

#include "embed/pipeline_sql.h"
#include "libs/db/testing/test_database.h"
#include "libs/journal/journal.h"
#include "libs/rpc/call_gate.h"
#include "libs/service/records_api.h"
#include "libs/service/runtime.h"
#include "services/pipeline/api/pipeline_api.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"

namespace slipway::pipeline {
namespace {

using auth::v1::Principal;
using auth::v1::Role;

// The service as users reach it: a gRPC server in this process, called with signed assertions.
struct ApiFixture {
  ApiFixture() {
    REQUIRE(sodium_init() >= 0);
    signer = std::make_unique<rpc::AssertionSigner>(
        *rpc::AssertionSigner::FromSeed(std::string(32, 's')));
    service::Runtime::Options options;
    options.name = "pipeline";
    options.config.listen = "unix:" + folder.path() + "/sock";
    options.config.database = database.dsn();
    options.config.log_level = "error";
    options.migrations = {{"pipeline", sql::kFiles}, journal::Migrations(), events::Migrations()};
    options.fetch_keys = [this] { return std::vector<std::string>{signer->public_key()}; };
    options.audit_append = [this](const std::vector<auth::v1::AuditEntry>& entries) {
      MutexLock lock(mu);
      for (const auto& entry : entries)
        audit.push_back(entry.actor() + " " + entry.resource() + " " + entry.outcome());
      return absl::OkStatus();
    };
    auto created = service::Runtime::Create(std::move(options));
    INFO(created.status());
    REQUIRE(created.ok());
    runtime = *std::move(created);
    REQUIRE(seal::CreateKeyFile(folder.path() + "/kek").ok());
    keys = *seal::KeyRing::Load({folder.path() + "/kek"});
    git = *git::GitCli::Create({});
    mirrors = std::make_unique<git::MirrorStore>(*git, folder.path());
    outbox = std::make_unique<events::Outbox>(runtime->pool());
    engine = std::make_unique<Engine>(
        Engine::Parts{runtime->pool(), *outbox, *keys, *git, *mirrors, nullptr,
                      [](const auto&, const auto&, const auto&) { return absl::OkStatus(); }});
    api = std::make_unique<PipelineApi>(PipelineApi::Parts{runtime->gate(), runtime->streams(),
                                                           *outbox, runtime->audit(), *engine});
    records = std::make_unique<service::RecordsApi>(runtime->gate(), runtime->pool(), "pipeline");
    const absl::Status served = runtime->Serve(
        {api.get(), records.get()}, {PipelineApi::Contract(), service::RecordsApi::Contract()});
    INFO(served);
    REQUIRE(served.ok());
    stub = v1::PipelineService::NewStub(rpc::MakeChannel("unix:" + folder.path() + "/sock"));
  }
  ~ApiFixture() { runtime->Shutdown(); }

  static Principal User(Role role, const std::string& project = "", const std::string& app = "") {
    Principal principal;
    principal.set_kind(Principal::USER);
    principal.set_id("ann");
    auto* grant = principal.add_grants();
    grant->set_role(role);
    grant->set_project(project);
    grant->set_app(app);
    return principal;
  }
  static Principal Service(const std::string& id) {
    Principal principal;
    principal.set_kind(Principal::SERVICE);
    principal.set_id(id);
    return principal;
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const Principal& as,
                                grpc::Status (v1::PipelineService::Stub::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata(rpc::kAssertionKey, signer->Sign(as, absl::Now() + absl::Seconds(60)));
    Response response;
    const absl::Status status = rpc::FromGrpc((*stub.*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::Project> CreateProject(const Principal& as, const std::string& id) {
    v1::CreateProjectRequest request;
    request.set_project_id(id);
    return Call(as, &v1::PipelineService::Stub::CreateProject, request);
  }
  absl::StatusOr<v1::App> CreateApp(const Principal& as, const std::string& parent,
                                    const std::string& id) {
    v1::CreateAppRequest request;
    request.set_parent(parent);
    request.set_app_id(id);
    return Call(as, &v1::PipelineService::Stub::CreateApp, request);
  }

  const Principal super = User(Role::SUPER_ADMIN);
  TempDir folder = *TempDir::Create("pl-api");
  db::TestDatabase database{{}, "pipeline"};
  std::unique_ptr<rpc::AssertionSigner> signer;
  Mutex mu;
  std::vector<std::string> audit;
  std::unique_ptr<service::Runtime> runtime;
  std::unique_ptr<seal::KeyRing> keys;
  std::unique_ptr<git::GitCli> git;
  std::unique_ptr<git::MirrorStore> mirrors;
  std::unique_ptr<events::Outbox> outbox;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<PipelineApi> api;
  std::unique_ptr<service::RecordsApi> records;
  std::unique_ptr<v1::PipelineService::Stub> stub;
};

}  // namespace

TEST_CASE("who may do what is decided by role and scope") {
  ApiFixture f;
  REQUIRE(f.CreateProject(f.super, "demo").ok());
  REQUIRE(f.CreateProject(f.super, "other").ok());
  const Principal admin = f.User(Role::ADMIN, "demo");
  const Principal viewer = f.User(Role::VIEW, "demo");
  CHECK(f.CreateProject(admin, "mine").status().code() == absl::StatusCode::kPermissionDenied);
  REQUIRE(f.CreateApp(admin, "projects/demo", "hello").ok());
  CHECK(f.CreateApp(viewer, "projects/demo", "x").status().code() ==
        absl::StatusCode::kPermissionDenied);

  // A project that may not be seen is like one that is not there.
  const absl::Status hidden = f.CreateApp(admin, "projects/other", "x").status();
  const absl::Status unknown = f.CreateApp(admin, "projects/nowhere", "x").status();
  CHECK(hidden.code() == absl::StatusCode::kNotFound);
  CHECK(unknown.code() == absl::StatusCode::kNotFound);
  v1::ListAppsRequest list;
  list.set_parent("projects/other");
  CHECK(f.Call(viewer, &v1::PipelineService::Stub::ListApps, list).status().code() ==
        absl::StatusCode::kNotFound);
  list.set_parent("projects/demo");
  CHECK(f.Call(viewer, &v1::PipelineService::Stub::ListApps, list)->apps_size() == 1);
  CHECK(f.Call(viewer, &v1::PipelineService::Stub::ListProjects, v1::ListProjectsRequest())
            ->projects_size() == 1);
  CHECK(f.Call(f.super, &v1::PipelineService::Stub::ListProjects, v1::ListProjectsRequest())
            ->projects_size() == 2);
}

TEST_CASE("secret values are given to build, registries' to gitops, and to nobody else") {
  ApiFixture f;
  v1::CreateRegistryRequest create;
  create.set_registry_id("local");
  create.mutable_registry()->mutable_spec()->set_url("http://127.0.0.1:8482");
  create.mutable_registry()->mutable_spec()->mutable_password()->set_value("s3cret");
  const auto created = f.Call(f.super, &v1::PipelineService::Stub::CreateRegistry, create);
  REQUIRE(created.ok());
  CHECK(created->DebugString().find("s3cret") == std::string::npos);
  v1::ResolveSecretsRequest request;
  request.add_registries("registries/local");
  const auto resolve = [&](const Principal& as) {
    return f.Call(as, &v1::PipelineService::Stub::ResolveSecrets, request).status().code();
  };
  CHECK(resolve(f.Service("build")) == absl::StatusCode::kOk);
  CHECK(resolve(f.Service("gitops")) == absl::StatusCode::kOk);
  CHECK(resolve(f.Service("trigger")) == absl::StatusCode::kPermissionDenied);
  CHECK(resolve(f.super) == absl::StatusCode::kPermissionDenied);
  request.add_secrets("projects/demo/secrets/KEY");
  CHECK(resolve(f.Service("gitops")) == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("every change is in the audit trail, and a dry run changes nothing") {
  ApiFixture f;
  REQUIRE(f.CreateProject(f.super, "demo").ok());
  v1::CreateProjectRequest dry;
  dry.set_project_id("dry");
  dry.set_validate_only(true);
  REQUIRE(f.Call(f.super, &v1::PipelineService::Stub::CreateProject, dry).ok());
  v1::GetProjectRequest get;
  get.set_name("projects/dry");
  CHECK(f.Call(f.super, &v1::PipelineService::Stub::GetProject, get).status().code() ==
        absl::StatusCode::kNotFound);
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  const auto audited = [&] {
    MutexLock lock(f.mu);
    return std::find(f.audit.begin(), f.audit.end(), "user:ann projects/demo OK") != f.audit.end();
  };
  while (!audited() && absl::Now() < deadline) std::this_thread::yield();
  CHECK(audited());
}

TEST_CASE("a set is checked with the rights of its caller") {
  ApiFixture f;
  REQUIRE(f.CreateProject(f.super, "demo").ok());
  v1::ValidateResourcesRequest request;
  request.add_resources()->mutable_cluster()->set_name("clusters/local");
  request.mutable_resources(0)->mutable_cluster()->mutable_spec()->mutable_local();
  request.add_resources()->mutable_app()->set_name("projects/demo/apps/hello");
  const auto response =
      f.Call(f.User(Role::ADMIN, "demo"), &v1::PipelineService::Stub::ValidateResources, request);
  REQUIRE(response.ok());
  CHECK(response->results(0).outcome() == v1::ValidateResourcesResponse::Result::REFUSED);
  CHECK(response->results(1).outcome() == v1::ValidateResourcesResponse::Result::CREATED);
}

TEST_CASE("services watch events from a cursor on") {
  ApiFixture f;
  REQUIRE(f.CreateProject(f.super, "demo").ok());
  REQUIRE(f.CreateApp(f.super, "projects/demo", "hello").ok());
  v1::DeleteAppRequest request;
  request.set_name("projects/demo/apps/hello");
  REQUIRE(f.Call(f.super, &v1::PipelineService::Stub::DeleteApp, request)->status().state() ==
          v1::DELETING);
  f.outbox->Start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.AddMetadata(rpc::kAssertionKey,
                      f.signer->Sign(f.Service("build"), absl::Now() + absl::Seconds(60)));
  const auto reader = f.stub->WatchEvents(&context, {});
  slipway::events::v1::WatchEventsResponse response;
  std::vector<std::string> types;
  while ((types.empty() || types.back() != "app.deleting") && reader->Read(&response)) {
    for (const auto& event : response.events()) types.push_back(event.type());
  }
  REQUIRE(types.size() >= 2);
  CHECK(types[types.size() - 2] == "app.changed");
  CHECK(types.back() == "app.deleting");
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  (void)reader->Finish();
  f.outbox->Stop();
}

}  // namespace slipway::pipeline
