#include "services/build/domain/run_aggregate.h"

#include <catch2/catch.hpp>

namespace slipway::build {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

RunAggregate TwoJobs() {
  RunRecord run;
  run.name = {{"demo", "hello", "main"}, 7};
  run.tag_pattern = "v{x}";
  JobRecord first;
  first.id = 1;
  first.name = "build";
  first.ready = true;
  first.steps.resize(1);
  first.steps[0].set_name("image");
  first.steps[0].set_state(v1::PENDING);
  JobRecord second;
  second.id = 2;
  second.name = "after";
  second.needs = {"build"};
  return RunAggregate(run, {first, second});
}

v1::BuiltImage Image() {
  v1::BuiltImage image;
  image.set_step("image");
  image.set_repository("127.0.0.1:5000/demo/hello");
  image.set_tag("v1");
  image.set_digest("sha256:77");
  return image;
}

bool HasFact(const RunAggregate& run, const std::string& event) {
  for (const auto& fact : run.facts()) {
    if (fact.event == event) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a run goes from its first lease to its last job") {
  RunAggregate run = TwoJobs();
  run.Lease(0, "local", "s1", kNow);
  CHECK(run.run().state == v1::RUNNING);
  CHECK(run.jobs()[0].fence == 1);
  run.Built(0, Image());
  run.EndJob(0, v1::SUCCEEDED, "", kNow);
  CHECK(run.jobs()[1].ready);
  CHECK_FALSE(run.ended());
  run.Lease(1, "local", "s1", kNow);
  run.EndJob(1, v1::SUCCEEDED, "", kNow);
  CHECK(run.ended());
  CHECK(run.run().state == v1::SUCCEEDED);
  CHECK(run.run().image == "127.0.0.1:5000/demo/hello@sha256:77");
  REQUIRE(run.work().size() == 3);
  CHECK(run.work()[2].kind == "release_tag");
  CHECK(run.work()[2].detail == "used");
}

TEST_CASE("a lost runner starts the next attempt, up to the last") {
  RunAggregate run = TwoJobs();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    run.Lease(0, "local", "s1", kNow);
    CHECK(run.jobs()[0].attempt == attempt);
    CHECK(run.jobs()[0].fence == attempt);
    v1::Step step = run.jobs()[0].steps[0];
    step.set_state(v1::RUNNING);
    run.ReportSteps(0, {step});
    run.Lose(0, "runner local was lost", 3, kNow);
    if (attempt < 3) CHECK(run.jobs()[0].steps[0].state() == v1::PENDING);
  }
  CHECK(run.jobs()[0].state == v1::FAILED);
  CHECK(run.jobs()[0].steps[0].state() == v1::FAILED);
  CHECK(run.jobs()[1].state == v1::SKIPPED);
  CHECK(run.run().state == v1::FAILED);
  CHECK(run.run().reason.find("attempt 3 of 3") != std::string::npos);
  CHECK(HasFact(run, "job.requeued"));
}

TEST_CASE("a lease that never reached its runner is no attempt") {
  RunAggregate run = TwoJobs();
  run.Lease(0, "local", "s1", kNow);
  run.TakeBack(0, "the runner went away before it got the job");
  CHECK(run.jobs()[0].attempt == 1);
  CHECK(run.jobs()[0].state == v1::PENDING);
  run.Lease(0, "other", "s2", kNow);
  CHECK(run.jobs()[0].fence == 2);
}

TEST_CASE("a run that waits is cancelled at once") {
  RunAggregate run = TwoJobs();
  run.Cancel("user:admin", "cancelled by user:admin", kNow);
  CHECK(run.ended());
  CHECK(run.run().state == v1::CANCELLED);
  CHECK(run.run().reason == "cancelled by user:admin");
  CHECK(run.jobs()[1].state == v1::CANCELLED);
}

TEST_CASE("a run that runs ends with its runner's report, whatever that says") {
  RunAggregate run = TwoJobs();
  run.Lease(0, "local", "s1", kNow);
  run.Cancel("user:admin", "cancelled by user:admin", kNow);
  CHECK_FALSE(run.ended());
  CHECK(run.jobs()[0].cancel_requested);
  run.Built(0, Image());
  run.EndJob(0, v1::SUCCEEDED, "", kNow);
  CHECK(run.run().state == v1::CANCELLED);
  CHECK(run.run().image.empty());
  CHECK(run.run().reason == "cancelled by user:admin");
}

TEST_CASE("a cancelled job of a lost runner is not started again") {
  RunAggregate run = TwoJobs();
  run.Lease(0, "local", "s1", kNow);
  run.Cancel("user:admin", "cancelled by user:admin", kNow);
  run.Lose(0, "runner local was lost", 3, kNow);
  CHECK(run.run().state == v1::CANCELLED);
  CHECK(run.jobs()[0].attempt == 1);
}

TEST_CASE("a job that can't be leased fails its run") {
  RunAggregate run = TwoJobs();
  run.EndJob(0, v1::FAILED, "tag v1 exists already", kNow);
  CHECK(run.run().state == v1::FAILED);
  CHECK(run.run().reason == "tag v1 exists already");
  REQUIRE(run.work().size() == 1);
  CHECK(run.work()[0].detail.empty());
}

}  // namespace slipway::build
