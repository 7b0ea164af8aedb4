#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {
namespace {

constexpr char kApp[] = "projects/demo/apps/hello";
constexpr char kMain[] = "projects/demo/apps/hello/workflows/main";
constexpr char kDev[] = "projects/demo/apps/hello/workflows/main/deploymentPipelines/dev";
constexpr char kProd[] = "projects/demo/apps/hello/workflows/main/deploymentPipelines/prod";

bool Mentions(const absl::Status& status, const std::string& text) {
  return MessageOf(status).find(text) != std::string::npos;
}

// The newest event that can be read yet: one that was just committed waits for older transactions
// of the whole cluster.
std::string LastEvent(EngineFixture& f) {
  const std::vector<std::string> events = f.Events();
  return events.empty() ? std::string() : events.back();
}

}  // namespace

TEST_CASE("deleting goes in order and names what still hangs on it") {
  EngineFixture f;
  f.SaveHello();
  CHECK(Mentions(f.Delete<v1::Project>("projects/demo"), "still has app demo/hello"));
  CHECK(Mentions(f.Delete<v1::App>(kApp), "still has workflow demo/hello/main"));
  CHECK(Mentions(f.Delete<v1::Workflow>(kMain), "demo/hello/dev, demo/hello/prod"));
  CHECK(Mentions(f.Delete<v1::Environment>("environments/dev"), "is used by demo/hello/main"));
  CHECK(Mentions(f.Delete<v1::Cluster>("clusters/local"), "is used by dev, prod"));
  CHECK(Mentions(f.Delete<v1::Registry>("registries/local"), "is used by demo/hello/main"));
  CHECK(Mentions(f.Delete<v1::GitAccount>("gitAccounts/local"), "is used by demo/hello"));
}

TEST_CASE("a deployment pipeline goes when gitops has cleaned up, the leaf first") {
  EngineFixture f;
  f.SaveHello();
  const std::string uid = f.Get<v1::App>(kApp)->status().uid();
  CHECK(
      Mentions(f.engine->deletions.DeletePipeline(f.caller, kDev).status(), "prod comes after it"));
  CHECK(ReasonOf(f.engine->deletions
                     .DeletePipeline(f.caller, std::string(kMain) + "/deploymentPipelines/x")
                     .status()) == "NO_DEPLOYMENT_PIPELINE");
  auto marked = f.engine->deletions.DeletePipeline(f.caller, kProd);
  REQUIRE(marked.ok());
  CHECK(marked->status().deleting_environments(0) == "prod");
  CHECK(marked->spec().deployment_pipelines_size() == 2);
  f.Await([&] { return LastEvent(f) == std::string("deployment_pipeline.deleting ") + kProd; });

  // An apply meanwhile keeps it, whether it names it or not.
  f.Save<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/main" spec {
      source {build {from {branch: "main"} image {}}} deployment_pipelines {environment: "dev"}})");
  CHECK(f.Get<v1::Workflow>(kMain)->spec().deployment_pipelines_size() == 2);
  v1::ResolveDeploymentRequest request;
  request.set_app(kApp);
  request.set_environment("prod");
  CHECK(ReasonOf(f.engine->planner.ResolveDeployment(f.caller, request).status()) ==
        "BEING_DELETED");
  CHECK(Mentions(f.Delete<v1::Workflow>(kMain), "still has deployment pipelines"));

  REQUIRE(f.engine->deletions.Confirm(f.caller, kProd, "gitops", "another uid").ok());
  CHECK(f.Get<v1::Workflow>(kMain)->spec().deployment_pipelines_size() == 2);
  REQUIRE(f.engine->deletions.Confirm(f.caller, kProd, "gitops", uid).ok());
  REQUIRE(f.engine->deletions.Confirm(f.caller, kProd, "gitops", uid).ok());
  const auto after = *f.Get<v1::Workflow>(kMain);
  CHECK(after.spec().deployment_pipelines_size() == 1);
  CHECK(after.status().deleting_environments().empty());
  CHECK(f.Delete<v1::Environment>("environments/prod").ok());
}

TEST_CASE("an app goes after build and gitops have confirmed and its grants are gone") {
  EngineFixture f;
  f.SaveHello();
  f.Save<v1::Variable>(R"(name: "projects/demo/apps/hello/variables/LEVEL" spec {value: "1"})");
  const std::string uid = f.Get<v1::App>(kApp)->status().uid();
  for (const char* name : {kProd, kDev}) {
    REQUIRE(f.engine->deletions.DeletePipeline(f.caller, name).ok());
    REQUIRE(f.engine->deletions.Confirm(f.caller, name, "gitops", uid).ok());
  }
  REQUIRE(f.Delete<v1::Workflow>(kMain).ok());
  f.scope_error = absl::UnavailableError("auth is down");
  REQUIRE(f.Delete<v1::App>(kApp).ok());
  CHECK(f.Get<v1::App>(kApp)->status().state() == v1::DELETING);
  f.Await([&] { return LastEvent(f) == std::string("app.deleting ") + kApp; });

  CHECK(ReasonOf(f.TrySave<v1::App>("name: \"projects/demo/apps/hello\" spec {}")) ==
        "BEING_DELETED");
  CHECK(ReasonOf(f.TrySave<v1::Workflow>(
            "name: \"projects/demo/apps/hello/workflows/x\" spec {}")) == "BEING_DELETED");
  v1::App again;
  CHECK(ReasonOf(f.engine->definitions.Create(f.caller, "projects/demo", "hello", false, &again)) ==
        "STILL_BEING_DELETED");

  REQUIRE(f.engine->deletions.Confirm(f.caller, kApp, "build", uid).ok());
  f.engine->deletions.Start();
  REQUIRE(f.engine->deletions.Confirm(f.caller, kApp, "gitops", uid).ok());
  CHECK(f.Get<v1::App>(kApp).ok());
  {
    MutexLock lock(f.mu);
    f.scope_error = absl::OkStatus();
  }
  f.engine->deletions.Wake();
  f.Await([&] { return !f.Get<v1::App>(kApp).ok(); });
  CHECK(f.deleted_scopes == std::vector<std::string>{"demo/hello/"});
  f.Await([&] { return LastEvent(f) == std::string("app.deleted ") + kApp; });
  CHECK_FALSE(f.Get<v1::Variable>("projects/demo/apps/hello/variables/LEVEL").ok());

  const auto next = f.Save<v1::App>("name: \"projects/demo/apps/hello\" spec {}");
  CHECK(next.status().uid() != uid);
}

TEST_CASE("projects and environments take their grants along") {
  EngineFixture f;
  f.engine->deletions.Start();
  f.Save<v1::Project>("name: \"projects/gone\"");
  REQUIRE(f.Delete<v1::Project>("projects/gone").ok());
  REQUIRE(f.Delete<v1::Environment>("environments/prod").ok());
  f.Await([&] {
    return !f.Get<v1::Project>("projects/gone").ok() &&
           !f.Get<v1::Environment>("environments/prod").ok();
  });
  std::sort(f.deleted_scopes.begin(), f.deleted_scopes.end());
  CHECK(f.deleted_scopes == std::vector<std::string>{"//prod", "gone//"});
}

}  // namespace slipway::pipeline
