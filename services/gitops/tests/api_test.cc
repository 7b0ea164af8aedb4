#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/service/event_stream.h"
#include "services/gitops/tests/api_fixture.h"

namespace slipway::gitops {
namespace {

using auth::v1::Role;
using Stub = v1::GitOpsService::Stub;
using Code = absl::StatusCode;

const AppEnvironment kDev = Stage::kDev;
const AppEnvironment kProd = Stage::kProd;

// The field that a refusal names.
std::string FieldOf(const absl::Status& status) {
  CHECK(status.code() == Code::kInvalidArgument);
  const ErrorDetails details = DetailsOf(status);
  return details.field_violations.empty() ? "" : details.field_violations[0].field;
}

v1::CreateGitOpsProviderRequest NewProvider(const std::string& id, const std::string& url) {
  v1::CreateGitOpsProviderRequest request;
  request.set_gitops_provider_id(id);
  request.mutable_gitops_provider()->mutable_spec()->set_url(url);
  return request;
}

}  // namespace

TEST_CASE("who may deploy is decided by role, app and environment") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  const auto builder = f.User(Role::BUILD_AND_DEPLOY, "demo", "hello", "dev");
  const auto viewer = f.User(Role::VIEW, "demo");
  const auto stranger = f.User(Role::ADMIN, "other");
  REQUIRE(f.Deploy(builder, kDev).ok());
  CHECK(f.Deploy(viewer, kDev).status().code() == Code::kPermissionDenied);
  v1::GetDeploymentRequest get;
  get.set_name(kDev.Name() + "/deployments/1");
  CHECK(f.Call(viewer, &Stub::GetDeployment, get).ok());

  // What may not be seen is like what is not there.
  CHECK(f.Deploy(stranger, kDev).status().code() == Code::kNotFound);
  CHECK(f.Call(stranger, &Stub::GetDeployment, get).status().code() == Code::kNotFound);
  CHECK_FALSE(f.Deploy(builder, kProd).ok());
  v1::RollbackRequest rollback;
  rollback.set_name(kDev.Name());
  CHECK(f.Call(viewer, &Stub::Rollback, rollback).status().code() == Code::kPermissionDenied);
  CHECK(f.database.Value("SELECT count(*)::text AS v FROM gitops.deployments") == "1");

  grpc::ClientContext nobody;
  v1::Deployment response;
  CHECK(f.stub->GetDeployment(&nobody, get, &response).error_code() ==
        grpc::StatusCode::UNAUTHENTICATED);
}

TEST_CASE("providers are a super-admin's to change, and anybody's to see without their token") {
  ApiFixture f;
  auto request = NewProvider("local", "https://git.example.org/ops.git");
  request.mutable_gitops_provider()->mutable_spec()->set_username("slipway");
  request.mutable_gitops_provider()->mutable_spec()->mutable_token()->set_value("s3cret");
  const auto admin = f.User(Role::ADMIN, "demo");
  CHECK(f.Call(admin, &Stub::CreateGitOpsProvider, request).status().code() ==
        Code::kPermissionDenied);
  const auto created = f.Call(f.super, &Stub::CreateGitOpsProvider, request);
  REQUIRE(created.ok());
  CHECK(created->status().state() == v1::GitOpsProviderStatus::VALIDATING);
  CHECK(f.Call(f.super, &Stub::CreateGitOpsProvider, request).status().code() ==
        Code::kAlreadyExists);

  v1::GetGitOpsProviderRequest get;
  get.set_name("gitopsProviders/local");
  const auto seen = f.Call(admin, &Stub::GetGitOpsProvider, get);
  REQUIRE(seen.ok());
  CHECK(seen->status().token_set());
  CHECK(seen->DebugString().find("s3cret") == std::string::npos);
  get.set_name("gitopsProviders/none");
  CHECK(f.Call(admin, &Stub::GetGitOpsProvider, get).status().code() == Code::kNotFound);

  v1::UpdateGitOpsProviderRequest update;
  *update.mutable_gitops_provider() = *created;
  update.mutable_gitops_provider()->set_etag("stale");
  update.mutable_gitops_provider()->mutable_spec()->set_branch("other");
  CHECK(f.Call(f.super, &Stub::UpdateGitOpsProvider, update).status().code() == Code::kAborted);
  update.mutable_gitops_provider()->set_etag(created->etag());
  CHECK(f.Call(admin, &Stub::UpdateGitOpsProvider, update).status().code() ==
        Code::kPermissionDenied);
  CHECK(f.Call(f.super, &Stub::UpdateGitOpsProvider, update)->spec().branch() == "other");

  v1::DeleteGitOpsProviderRequest remove;
  remove.set_name("gitopsProviders/local");
  CHECK(f.Call(admin, &Stub::DeleteGitOpsProvider, remove).status().code() ==
        Code::kPermissionDenied);
  CHECK(f.Call(f.super, &Stub::DeleteGitOpsProvider, remove).ok());
  CHECK(f.Call(f.super, &Stub::DeleteGitOpsProvider, remove).status().code() == Code::kNotFound);
}

TEST_CASE("the active provider stays, and a dry run of a provider saves nothing") {
  ApiFixture f;
  f.ActivateProvider();
  v1::DeleteGitOpsProviderRequest remove;
  remove.set_name("gitopsProviders/local");
  const auto refused = f.Call(f.super, &Stub::DeleteGitOpsProvider, remove).status();
  CHECK(DetailsOf(refused).reason == "GITOPS_PROVIDER_ACTIVE");
  auto dry = NewProvider("dry", "https://git.example.org/dry.git");
  dry.set_validate_only(true);
  CHECK(f.Call(f.super, &Stub::CreateGitOpsProvider, dry)->name() == "gitopsProviders/dry");
  CHECK(f.Call(f.super, &Stub::ListGitOpsProviders, v1::ListGitOpsProvidersRequest())
            ->gitops_providers_size() == 1);
}

TEST_CASE("what is wrong with a request is named by its field") {
  ApiFixture f;
  f.ActivateProvider();
  const auto create = [&](const v1::CreateGitOpsProviderRequest& request) {
    return FieldOf(f.Call(f.super, &Stub::CreateGitOpsProvider, request).status());
  };
  CHECK(create(NewProvider("Not a slug", "https://git.example.org/a.git")) == "gitopsProviderId");
  CHECK(create(NewProvider("a", "file:///etc")) == "gitopsProvider.spec.url");
  auto request = NewProvider("a", "https://git.example.org/a.git");
  request.mutable_gitops_provider()->mutable_spec()->set_branch("a..b");
  CHECK(create(request) == "gitopsProvider.spec.branch");

  const auto get = [&](const std::string& name) {
    v1::GetDeploymentRequest get_request;
    get_request.set_name(name);
    return FieldOf(f.Call(f.super, &Stub::GetDeployment, get_request).status());
  };
  CHECK(get("projects/demo") == "name");
  CHECK(get(kDev.Name() + "/deployments/first") == "name");
  CHECK(get(kDev.Name() + "/deployments/0") == "name");
  CHECK(FieldOf(f.Deploy(f.super, {"demo", "Hello!", "dev"}).status()) == "parent");
  CHECK(FieldOf(f.Rollback(kDev, -1, v1::EARLIER).status()) == "to");

  v1::ListDeploymentsRequest list;
  list.set_parent(kDev.Name());
  list.set_page_size(-1);
  CHECK_FALSE(FieldOf(f.Call(f.super, &Stub::ListDeployments, list).status()).empty());
  list.set_page_size(0);
  list.set_page_token("none of ours");
  CHECK(f.Call(f.super, &Stub::ListDeployments, list).status().code() == Code::kInvalidArgument);
}

TEST_CASE("why nothing is deployed is said with its reason") {
  ApiFixture f;
  const auto reason = [](const auto& result) { return DetailsOf(result.status()).reason; };
  CHECK(reason(f.Deploy(f.super, kDev)) == "NO_IMAGE");
  const std::string first = f.AddImage(1);
  CHECK(reason(f.Deploy(f.super, kDev)) == "NO_ACTIVE_GITOPS_PROVIDER");
  f.ActivateProvider();
  CHECK(reason(f.Deploy(f.super, kDev, "sha256:beef")) == "IMAGE_UNKNOWN");
  f.AddImage(2);
  CHECK(reason(f.Deploy(f.super, kDev, "sha256:aaaaaaaa")) == "IMAGE_AMBIGUOUS");
  CHECK(reason(f.Rollback(kDev, 0, v1::EARLIER)) == "NOTHING_TO_ROLL_BACK_TO");
  CHECK(f.Deploy(f.super, {"demo", "hello", "nowhere"}).status().code() == Code::kNotFound);

  // An environment behind another one takes what was healthy there.
  f.pipeline.Set(kProd, {.after = "dev"});
  CHECK(reason(f.Deploy(f.super, kProd, first)) == "NEVER_HEALTHY_IN_AFTER");
  REQUIRE(f.Deploy(f.super, kDev, first).ok());
  f.MakeHealthy(kDev);
  CHECK(f.Deploy(f.super, kProd, first).ok());
}

TEST_CASE("the same request is one deployment, and a later one supersedes what has not ended") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  const auto first = f.Deploy(f.super, kDev, "", "request-1");
  REQUIRE(first.ok());
  CHECK(f.Deploy(f.super, kDev, "", "request-1")->name() == first->name());
  const auto second = f.Deploy(f.super, kDev, "", "request-2");
  REQUIRE(second.ok());
  CHECK(second->name() == kDev.Name() + "/deployments/2");
  v1::GetDeploymentRequest get;
  get.set_name(first->name());
  CHECK(f.Call(f.super, &Stub::GetDeployment, get)->status().state() ==
        v1::DeploymentStatus::SUPERSEDED);
  get.set_name(kDev.Name() + "/deployments/latest");
  CHECK(f.Call(f.super, &Stub::GetDeployment, get)->name() == second->name());
  get.set_name(kDev.Name() + "/deployments/9");
  CHECK(f.Call(f.super, &Stub::GetDeployment, get).status().code() == Code::kNotFound);
}

TEST_CASE("lists of deployments come in pages, newest first, and hold what the caller may see") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    made.insert(made.begin(), f.Deploy(f.super, kDev)->name());
    REQUIRE(f.Deploy(f.super, kProd).ok());
  }
  const auto dev_only = f.User(Role::VIEW, "demo", "hello", "dev");
  v1::ListDeploymentsRequest list;
  list.set_parent("projects/demo/apps/hello/environments/-");
  list.set_page_size(2);
  std::vector<std::string> seen;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = f.Call(dev_only, &Stub::ListDeployments, list);
    REQUIRE(page.ok());
    CHECK(page->deployments_size() <= 2);
    for (const auto& deployment : page->deployments()) seen.push_back(deployment.name());
    list.set_page_token(page->next_page_token());
    if (page->next_page_token().empty()) break;
  }
  CHECK(seen == made);

  list.clear_page_token();
  list.set_page_size(4);
  const std::string token = f.Call(f.super, &Stub::ListDeployments, list)->next_page_token();
  CHECK_FALSE(token.empty());
  list.set_current_only(true);
  CHECK(f.Call(f.super, &Stub::ListDeployments, list)->deployments_size() == 2);
  list.set_page_token(token);  // of another question
  CHECK(f.Call(f.super, &Stub::ListDeployments, list).status().code() == Code::kInvalidArgument);

  list.clear_page_token();
  list.set_page_size(50);
  list.set_current_only(false);
  const auto count = [&](v1::DeploymentStatus::State state, v1::DeploymentStatus::Health health) {
    list.set_state(state);
    list.set_health(health);
    return f.Call(f.super, &Stub::ListDeployments, list)->deployments_size();
  };
  using Status = v1::DeploymentStatus;
  CHECK(count(Status::SUPERSEDED, Status::HEALTH_UNSPECIFIED) == 4);
  CHECK(count(Status::PENDING, Status::HEALTH_UNSPECIFIED) == 2);
  // Nothing runs yet; of each environment the newest one tells.
  CHECK(count(Status::STATE_UNSPECIFIED, Status::UNKNOWN) == 2);
  CHECK(count(Status::SUPERSEDED, Status::UNKNOWN) == 0);
  CHECK(count(Status::STATE_UNSPECIFIED, Status::DEGRADED) == 0);
  list.set_state(static_cast<Status::State>(99));
  CHECK(f.Call(f.super, &Stub::ListDeployments, list).status().code() == Code::kInvalidArgument);

  for (const char* id : {"b", "a", "c"})
    REQUIRE(f.Call(f.super, &Stub::CreateGitOpsProvider,
                   NewProvider(id, "https://git.example.org/a.git"))
                .ok());
  v1::ListGitOpsProvidersRequest providers;
  providers.set_page_size(3);
  auto page = f.Call(dev_only, &Stub::ListGitOpsProviders, providers);
  REQUIRE(page->gitops_providers_size() == 3);
  CHECK(page->gitops_providers(0).name() == "gitopsProviders/a");
  providers.set_page_token(page->next_page_token());
  page = f.Call(dev_only, &Stub::ListGitOpsProviders, providers);
  REQUIRE(page->gitops_providers_size() == 1);
  CHECK(page->gitops_providers(0).name() == "gitopsProviders/local");
  CHECK(page->next_page_token().empty());
}

TEST_CASE("a rollback takes the earlier, the deployed or the saved configuration, and pins") {
  ApiFixture f;
  f.ActivateProvider();
  const auto save = [&](int port) {
    FakePipeline::Pipeline pipeline;
    pipeline.deploy.set_port(port);
    f.pipeline.Set(kDev, pipeline);
  };
  const std::string old_image = f.AddImage(1);
  save(1001);
  REQUIRE(f.Deploy(f.super, kDev).ok());
  f.MakeHealthy(kDev);
  const std::string new_image = f.AddImage(2);
  save(1002);
  REQUIRE(f.Deploy(f.super, kDev, new_image).ok());
  f.MakeHealthy(kDev);
  save(1003);
  struct Case {
    v1::RollbackConfig config;
    int port;
  };
  for (const Case& one : {Case{v1::ROLLBACK_CONFIG_UNSPECIFIED, 1001}, Case{v1::EARLIER, 1001},
                          Case{v1::DEPLOYED, 1002}, Case{v1::SAVED, 1003}}) {
    INFO(one.config);
    const auto back = f.Rollback(kDev, 1, one.config);
    REQUIRE(back.ok());
    CHECK(back->deploy().port() == one.port);
    CHECK(back->status().image().find(old_image) != std::string::npos);
    CHECK(back->status().rollback_of() == kDev.Name() + "/deployments/1");
    CHECK(back->status().pinned());
    CHECK(back->status().actor() == "user:ann");
    f.MakeHealthy(kDev);
    // Forth again, so that each begins with the same deployed configuration.
    save(1002);
    const auto forth = f.Deploy(f.super, kDev, new_image);
    REQUIRE(forth.ok());
    CHECK_FALSE(forth->status().pinned());
    f.MakeHealthy(kDev);
    save(1003);
  }
  // Without a number: the last healthy one of another image.
  const auto back = f.Rollback(kDev, 0, v1::EARLIER);
  REQUIRE(back.ok());
  CHECK(back->status().image().find(old_image) != std::string::npos);
  CHECK(f.Rollback(kDev, 99, v1::EARLIER).status().code() == Code::kNotFound);
}

TEST_CASE("a watched deployment is sent at each change, until it ends") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  REQUIRE(f.Deploy(f.super, kDev).ok());
  v1::WatchDeploymentRequest request;
  request.set_name(kDev.Name() + "/deployments/latest");
  grpc::ClientContext context;
  f.Sign(context, f.User(Role::VIEW, "demo"));
  const auto reader = f.stub->WatchDeployment(&context, request);
  v1::Deployment deployment;
  REQUIRE(reader->Read(&deployment));
  CHECK(deployment.status().state() == v1::DeploymentStatus::PENDING);
  f.MakeHealthy(kDev);
  while (reader->Read(&deployment)) {
  }
  CHECK(reader->Finish().ok());
  CHECK(deployment.status().state() == v1::DeploymentStatus::HEALTHY);

  grpc::ClientContext refused;
  f.Sign(refused, f.User(Role::VIEW, "other"));
  const auto none = f.stub->WatchDeployment(&refused, request);
  CHECK_FALSE(none->Read(&deployment));
  CHECK(none->Finish().error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("events are for services alone, and tell how a deployment ended") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  REQUIRE(f.Deploy(f.super, kDev).ok());
  f.MakeHealthy(kDev);
  f.outbox->Start();
  grpc::ClientContext refused;
  f.Sign(refused, f.super);
  slipway::events::v1::WatchEventsResponse response;
  const auto none = f.stub->WatchEvents(&refused, {});
  CHECK_FALSE(none->Read(&response));
  CHECK(none->Finish().error_code() == grpc::StatusCode::PERMISSION_DENIED);

  grpc::ClientContext context;
  f.Sign(context, f.Service("trigger"));
  const auto reader = f.stub->WatchEvents(&context, {});
  REQUIRE(reader->Read(&response));
  CHECK(response.events(0).type() == "deployment.finished");
  v1::DeploymentFinished finished;
  REQUIRE(finished.ParseFromString(response.events(0).payload()));
  CHECK(finished.deployment().status().state() == v1::DeploymentStatus::HEALTHY);
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  static_cast<void>(reader->Finish());
}

TEST_CASE("events are kept for a reader that has given its name, until it has applied them") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(f.Deploy(f.super, kDev).ok());
    f.MakeHealthy(kDev);
  }
  f.outbox->Start();
  const auto prune = [&] {
    return *f.outbox->Prune(absl::Now() + absl::Hours(1), 100, absl::Now() + absl::Seconds(10));
  };
  const auto left = [&] {
    return f.database.Value("SELECT count(*)::text AS v FROM gitops.events");
  };
  // Reads like the loop of a consumer: up to the event that it does not apply.
  const auto channel = rpc::MakeChannel(f.Address());
  rpc::Peer peer(channel, nullptr);
  service::GrpcEventSource source(
      peer,
      [&](grpc::ClientContext* context, const slipway::events::v1::WatchEventsRequest& request) {
        context->AddMetadata(rpc::kAssertionKey, f.Assertion(f.Service("trigger")));
        return f.stub->WatchEvents(context, request);
      },
      "trigger.deployments");
  const auto read_from = [&](events::Cursor after) {
    events::Cursor first;
    source
        .Watch(after,
               [&](const std::vector<events::Event>& events) {
                 first = events.front().cursor;
                 return false;
               },
               {})
        .IgnoreError();
    return first;
  };
  const events::Cursor first = read_from({});
  CHECK(prune() == 0);
  const events::Cursor second = read_from(first);
  CHECK(prune() == 1);
  CHECK(left() == "1");
  f.database.Exec("UPDATE gitops.event_readers SET xid = '" + std::to_string(second.xid) +
                  "', seq = " + std::to_string(second.seq));
  CHECK(prune() == 1);
}

}  // namespace slipway::gitops
