#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/tests/api_fixture.h"

namespace slipway::gitops {
namespace {

using auth::v1::Role;
using Stub = v1::GitOpsService::Stub;
using Code = absl::StatusCode;

template <typename Request>
Request For(const AppEnvironment& where) {
  Request request;
  request.set_name(where.Name());
  return request;
}

}  // namespace

TEST_CASE("who may deploy may suspend and resume, who may see sees who did") {
  ApiFixture f;
  f.ActivateProvider();
  const auto builder = f.User(Role::BUILD_AND_DEPLOY, "demo", "hello", "dev");
  const auto viewer = f.User(Role::VIEW, "demo");
  const auto stranger = f.User(Role::ADMIN, "other");
  const auto suspend = For<v1::SuspendSyncRequest>(Stage::kDev);
  const auto get = For<v1::GetSyncStatusRequest>(Stage::kDev);
  CHECK(f.Call(viewer, &Stub::SuspendSync, suspend).status().code() == Code::kPermissionDenied);
  CHECK(f.Call(stranger, &Stub::SuspendSync, suspend).status().code() == Code::kNotFound);
  CHECK(f.Call(stranger, &Stub::GetSyncStatus, get).status().code() == Code::kNotFound);
  CHECK(f.Call(viewer, &Stub::GetSyncStatus, get)->hold() == v1::SyncStatus::NONE);

  // Also before the first deployment.
  const auto suspended = f.Call(builder, &Stub::SuspendSync, suspend);
  INFO(suspended.status());
  REQUIRE(suspended.ok());
  CHECK(suspended->suspended_by() == "user:ann");
  CHECK(suspended->hold() == v1::SyncStatus::SUSPENDED);
  CHECK(suspended->reason().find(": slipway resume hello/dev") != std::string::npos);
  // The first one's name and time stay.
  const auto again = f.Call(f.super, &Stub::SuspendSync, suspend);
  REQUIRE(again.ok());
  CHECK(again->suspend_time().nanos() == suspended->suspend_time().nanos());
  CHECK(f.Call(viewer, &Stub::GetSyncStatus, get)->suspended_by() == "user:ann");

  // It shows with the deployment, and is audited.
  f.AddImage(1);
  REQUIRE(f.Deploy(builder, Stage::kDev).ok());
  v1::GetDeploymentRequest latest;
  latest.set_name(Stage::kDev.Name() + "/deployments/latest");
  CHECK(f.Call(viewer, &Stub::GetDeployment, latest)->status().sync().suspended_by() == "user:ann");
  const auto resume = For<v1::ResumeSyncRequest>(Stage::kDev);
  CHECK(f.Call(viewer, &Stub::ResumeSync, resume).status().code() == Code::kPermissionDenied);
  CHECK(f.Call(builder, &Stub::ResumeSync, resume)->suspended_by().empty());
  CHECK(f.Call(builder, &Stub::ResumeSync, resume).ok());
  CHECK(f.Call(viewer, &Stub::GetDeployment, latest)->status().sync().hold() ==
        v1::SyncStatus::NONE);
}

TEST_CASE("a rollback shows that nothing newer is deployed by itself, until somebody deploys") {
  ApiFixture f;
  f.ActivateProvider();
  f.AddImage(1);
  REQUIRE(f.Deploy(f.super, Stage::kDev).ok());
  f.MakeHealthy(Stage::kDev);
  const std::string second = f.AddImage(2);
  REQUIRE(f.Deploy(f.super, Stage::kDev, second).ok());
  f.MakeHealthy(Stage::kDev);
  const auto get = For<v1::GetSyncStatusRequest>(Stage::kDev);
  CHECK(f.Call(f.super, &Stub::GetSyncStatus, get)->reason().empty());
  REQUIRE(f.Rollback(Stage::kDev, 0, v1::EARLIER).ok());
  const auto held = f.Call(f.super, &Stub::GetSyncStatus, get);
  CHECK(held->reason().find("deployment 3 rolled back and holds it") == 0);
  CHECK(held->hold() == v1::SyncStatus::NONE);
  REQUIRE(f.Deploy(f.super, Stage::kDev, second).ok());
  CHECK(f.Call(f.super, &Stub::GetSyncStatus, get)->reason().empty());
}

TEST_CASE("what is not deployed there can't be suspended") {
  ApiFixture f;
  CHECK(
      f.Call(f.super, &Stub::SuspendSync, For<v1::SuspendSyncRequest>({"demo", "hello", "nowhere"}))
          .status()
          .code() == Code::kNotFound);
  v1::SuspendSyncRequest bad;
  bad.set_name("projects/demo/apps/hello");
  CHECK(f.Call(f.super, &Stub::SuspendSync, bad).status().code() == Code::kInvalidArgument);
}

TEST_CASE(
    "a sync by hand is refused while it is suspended and in windows that are shut to people") {
  ApiFixture f;
  f.ActivateProvider();
  const auto sync = For<v1::SyncRequest>(Stage::kDev);
  REQUIRE(f.Call(f.super, &Stub::SuspendSync, For<v1::SuspendSyncRequest>(Stage::kDev)).ok());
  CHECK(DetailsOf(f.Call(f.super, &Stub::Sync, sync).status()).reason == "SYNC_SUSPENDED");
  REQUIRE(f.Call(f.super, &Stub::ResumeSync, For<v1::ResumeSyncRequest>(Stage::kDev)).ok());

  slipway::pipeline::v1::ProjectSpec project;
  auto* window = project.add_sync_windows();
  window->set_kind(slipway::pipeline::v1::SyncWindow::DENY);
  window->set_schedule("* * * * *");
  window->set_duration("2h");
  window->add_environments(std::string("de?"));
  f.pipeline.SetProject("demo", project);
  f.policies->Forget("projects/demo");
  const auto refused = f.Call(f.super, &Stub::Sync, sync);
  CHECK(refused.status().code() == Code::kFailedPrecondition);
  CHECK(DetailsOf(refused.status()).reason == "SYNC_WINDOW_CLOSED");
  CHECK(MessageOf(refused.status()).find("until 20") != std::string::npos);
  // The window is for dev only.
  CHECK(f.Call(f.super, &Stub::Sync, For<v1::SyncRequest>(Stage::kProd)).ok());
  window->set_manual_sync(true);
  f.pipeline.SetProject("demo", project);
  f.policies->Forget("projects/demo");
  const auto asked = f.Call(f.super, &Stub::Sync, sync);
  REQUIRE(asked.ok());
  CHECK(asked->asked_by() == "user:ann");
}

}  // namespace slipway::gitops
