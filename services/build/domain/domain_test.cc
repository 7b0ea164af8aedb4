#include <catch2/catch.hpp>

#include "services/build/domain/lease.h"
#include "services/build/domain/plan_facts.h"
#include "services/build/domain/progress.h"
#include "services/build/domain/states.h"

namespace slipway::build {
namespace {

plan::v1::Plan GoodPlan() {
  plan::v1::Plan plan;
  plan.set_workflow("projects/demo/apps/hello/workflows/main");
  plan.set_commit("0123456789abcdef0123456789abcdef01234567");
  plan.set_ref("refs/heads/main");
  auto& source = *plan.add_sources();
  source.set_account("local");
  auto& job = *plan.add_jobs();
  job.set_name("build");
  auto& test = *job.add_steps();
  test.set_name("unit-test");
  auto& image = *job.add_steps();
  image.set_name("image");
  image.mutable_image()->set_registry("registries/local");
  return plan;
}

void AddTarget(plan::v1::Plan& plan, const std::string& environment, const std::string& after,
               bool automatic) {
  auto& target = *plan.add_targets();
  target.set_environment(environment);
  target.set_after(after);
  target.set_automatic(automatic);
}

JobRecord MakeJob(const std::string& name, v1::State state, std::vector<std::string> needs = {}) {
  JobRecord job;
  job.name = name;
  job.state = state;
  job.needs = std::move(needs);
  job.ready = job.needs.empty();
  return job;
}

}  // namespace

TEST_CASE("final states have no way out") {
  for (const Transition& row : Transitions()) {
    INFO(StateText(row.from) << " -> " << StateText(row.to));
    CHECK_FALSE(IsFinal(row.from));
    CHECK(row.from != row.to);
  }
  CHECK(MayChange(Thing::kJob, v1::RUNNING, v1::PENDING));
  CHECK_FALSE(MayChange(Thing::kRun, v1::RUNNING, v1::PENDING));
  CHECK_FALSE(MayChange(Thing::kJob, v1::SUCCEEDED, v1::RUNNING));
}

TEST_CASE("states are read back from their text") {
  for (const v1::State state :
       {v1::PENDING, v1::RUNNING, v1::SUCCEEDED, v1::FAILED, v1::CANCELLED, v1::SKIPPED}) {
    CHECK(StateFromText(StateText(state)) == state);
  }
  CHECK(StateFromText("nonsense") == v1::STATE_UNSPECIFIED);
}

TEST_CASE("names are parsed and printed") {
  const std::string text = "projects/demo/apps/hello/workflows/main/runs/7/jobs/build";
  const auto job = JobName::Parse(text);
  REQUIRE(job);
  CHECK(job->ToString() == text);
  CHECK(job->run.number == 7);
  CHECK(RunName::Parse("projects/p/apps/a/workflows/w/runs/latest")->number == 0);
  for (const char* bad :
       {"", "projects/p/apps/a/workflows/w/runs/0", "projects/p/apps/a/workflows/w/runs/-1",
        "projects/p/apps/a/workflows/w/runs/7x", "projects//apps/a/workflows/w/runs/7",
        "projects/p/apps/a/workflows/w/runs/7/", "apps/a/projects/p/workflows/w/runs/7"}) {
    INFO(bad);
    CHECK_FALSE(RunName::Parse(bad));
  }
}

TEST_CASE("a plan that can't be executed is refused and its field is named") {
  CHECK(ValidatePlan(GoodPlan()).ok());
  auto plan = GoodPlan();
  plan.set_commit("main");
  CHECK(std::string(ValidatePlan(plan).message()).find("plan.commit") == 0);
  plan = GoodPlan();
  plan.clear_jobs();
  CHECK_FALSE(ValidatePlan(plan).ok());
  plan = GoodPlan();
  plan.mutable_jobs(0)->add_needs("nowhere");
  CHECK(std::string(ValidatePlan(plan).message()).find("nowhere") != std::string::npos);
  plan = GoodPlan();
  auto& second = *plan.add_jobs();
  second.set_name("second");
  second.add_needs("build");
  CHECK(ValidatePlan(plan).ok());
  plan.mutable_jobs(0)->add_needs("second");
  CHECK(std::string(ValidatePlan(plan).message()).find("circle") != std::string::npos);
}

TEST_CASE("only deployments behind automatic ones alone happen by themselves") {
  auto plan = GoodPlan();
  AddTarget(plan, "prod", "dev", true);
  AddTarget(plan, "dev", "", true);
  AddTarget(plan, "stage", "", false);
  AddTarget(plan, "after-stage", "stage", true);
  CHECK(AutomaticEnvironments(plan) == std::vector<std::string>{"dev", "prod"});
}

TEST_CASE("a job asks for the credentials of its sources, registries and secrets alone") {
  auto plan = GoodPlan();
  auto& plain = *plan.add_jobs();
  plain.set_name("plain");
  auto& login = *plan.add_jobs();
  login.set_name("login");
  login.add_steps()->set_registry_login(true);
  plan.add_variables()->set_value("text");
  plan.add_variables()->set_secret("projects/demo/secrets/key@2");
  CHECK(SecretsOf(plan, plan.jobs(0)).registries == std::vector<std::string>{"registries/local"});
  CHECK(SecretsOf(plan, plan.jobs(1)).registries.empty());
  CHECK(SecretsOf(plan, plan.jobs(1)).git_accounts == std::vector<std::string>{"local"});
  CHECK(SecretsOf(plan, plan.jobs(1)).secrets ==
        std::vector<std::string>{"projects/demo/secrets/key@2"});
  CHECK(SecretsOf(plan, plan.jobs(2)).registries == std::vector<std::string>{"registries/local"});
}

TEST_CASE("a lease carries what the job needs, and masks what is secret") {
  auto plan = GoodPlan();
  auto& variable = *plan.add_variables();
  variable.set_key("KEY");
  variable.set_secret("projects/demo/secrets/key@2");
  JobOfRun leased;
  leased.run.name = {{"demo", "hello", "main"}, 7};
  leased.run.image_tag = "v1";
  leased.job.name = "build";
  leased.job.fence = 3;
  Secrets secrets;
  secrets.git_accounts["local"].set_password("git");
  secrets.registries["registries/local"].set_password("reg");
  secrets.values["projects/demo/secrets/key@2"] = "value";
  const auto lease = MakeLease(leased, plan, secrets);
  REQUIRE(lease.ok());
  CHECK(lease->key().fence() == 3);
  CHECK(lease->key().job() == "projects/demo/apps/hello/workflows/main/runs/7/jobs/build");
  CHECK(lease->variables(0).value() == "value");
  CHECK(lease->variables(0).masked());
  CHECK(lease->git_credentials().at("local").password() == "git");
  CHECK(lease->registry_credentials().at("registries/local").password() == "reg");
  CHECK(lease->image_tag() == "v1");
  secrets.values.clear();
  CHECK(MakeLease(leased, plan, secrets).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("jobs become ready, are skipped, and end their run") {
  SECTION("a job waits for all it needs") {
    const std::vector<JobRecord> jobs = {MakeJob("a", v1::SUCCEEDED), MakeJob("b", v1::RUNNING),
                                         MakeJob("c", v1::PENDING, {"a", "b"}),
                                         MakeJob("d", v1::PENDING, {"a"})};
    const Progress progress = ProgressOf(jobs);
    CHECK(progress.ready == std::vector<size_t>{3});
    CHECK(progress.skipped.empty());
    CHECK_FALSE(progress.run);
  }
  SECTION("a failure skips everything behind it and fails the run with its reason") {
    std::vector<JobRecord> jobs = {MakeJob("c", v1::PENDING, {"b"}),
                                   MakeJob("b", v1::PENDING, {"a"}), MakeJob("a", v1::FAILED)};
    jobs[2].reason = "the tests failed";
    const Progress progress = ProgressOf(jobs);
    CHECK(progress.skipped.size() == 2);
    CHECK(progress.run == v1::FAILED);
    CHECK(progress.reason == "the tests failed");
  }
  SECTION("a run goes on while another branch of it runs") {
    const std::vector<JobRecord> jobs = {MakeJob("a", v1::FAILED), MakeJob("b", v1::RUNNING)};
    CHECK_FALSE(ProgressOf(jobs).run);
  }
  SECTION("cancelled outweighs succeeded, failed outweighs both") {
    std::vector<JobRecord> jobs = {MakeJob("a", v1::SUCCEEDED), MakeJob("b", v1::CANCELLED)};
    CHECK(ProgressOf(jobs).run == v1::CANCELLED);
    jobs.push_back(MakeJob("c", v1::FAILED));
    CHECK(ProgressOf(jobs).run == v1::FAILED);
  }
}

TEST_CASE("a late or repeated report never takes a step back") {
  std::vector<v1::Step> stored(1);
  stored[0].set_name("unit-test");
  stored[0].set_stage("pre-build");
  stored[0].set_state(v1::PENDING);
  v1::Step running;
  running.set_name("unit-test");
  running.set_stage("forged");
  running.set_state(v1::RUNNING);
  v1::Step done = running;
  done.set_state(v1::SUCCEEDED);
  v1::Step unknown = done;
  unknown.set_name("other");
  MergeSteps(stored, {done, unknown});
  CHECK(stored.size() == 1);
  CHECK(stored[0].state() == v1::SUCCEEDED);
  CHECK(stored[0].stage() == "pre-build");
  MergeSteps(stored, {running});
  CHECK(stored[0].state() == v1::SUCCEEDED);
}

}  // namespace slipway::build
