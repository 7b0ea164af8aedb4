#include <algorithm>
#include <thread>

#include "services/build/tests/build_fixture.h"

namespace slipway::build {
TEST_CASE("a push becomes a run, a lease, a log, an image and its events") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();

  CHECK(name == std::string(kWorkflow) + "/runs/1");
  CHECK(lease.key().job() == name + "/jobs/build");
  CHECK(lease.attempt() == 1);
  CHECK(lease.git_credentials().at("local").password() == "git-password");
  CHECK(lease.registry_credentials().at("registries/local").password() == "registry-password");
  CHECK(lease.image_tag().substr(0, 13) == "0123456789ab-");
  CHECK(lease.traceparent().find("0af7651916cd43dd8448eb211c80319c") != std::string::npos);

  REQUIRE(runner.Report(lease.key(), "unit-test", v1::RUNNING).ok());
  int64_t size = 0;
  REQUIRE(runner.Append(lease.key(), 0, "first line\n", &size).ok());
  CHECK(size == 11);
  v1::Run run = f.GetRun("projects/demo/apps/hello/workflows/main/runs/latest");
  CHECK(run.state() == v1::RUNNING);
  CHECK(run.subject() == "say hello");
  CHECK(run.jobs(0).runner() == "runners/local");
  CHECK(run.jobs(0).steps(0).state() == v1::RUNNING);
  CHECK(run.jobs(0).steps(1).state() == v1::PENDING);

  CHECK(runner.Complete(lease.key(), v1::SUCCEEDED, "", true, 99).error_code() ==
        grpc::StatusCode::OUT_OF_RANGE);
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", true, 11).ok());
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", true, 11).ok());
  run = f.GetRun(name);
  CHECK(run.state() == v1::SUCCEEDED);
  CHECK(run.image() == "127.0.0.1:5000/demo/hello@sha256:77");
  CHECK(run.jobs(0).steps(2).state() == v1::SUCCEEDED);

  CHECK(f.AwaitEvents("run.finished", 1).size() == 1);
  const auto created = f.AwaitEvents("image.created", 1);
  REQUIRE(created.size() == 1);
  v1::ImageCreated event;
  REQUIRE(event.ParseFromString(created[0].payload));
  CHECK(event.workflow() == kWorkflow);
  CHECK(event.targets_size() == 2);
  CHECK(event.app_uid() == "uid-1");
  CHECK(event.image().order() == 1);
  CHECK(event.image().run() == name);
  CHECK(created[0].trace_id == "0af7651916cd43dd8448eb211c80319c");

  v1::GetImageRequest by_digest;
  by_digest.set_name("projects/demo/apps/hello/images/sha256:77");
  v1::Image image;
  REQUIRE(f.build->GetImage(f.As(Admin()).get(), by_digest, &image).ok());
  CHECK(image.run() == name);
  CHECK(f.Value("SELECT string_agg(event, ' ' ORDER BY id) AS v FROM journal WHERE event IN "
                "('run.created', 'job.leased', 'job.started', 'job.first_log', 'image.recorded', "
                "'run.finished')") ==
        "run.created job.leased job.started job.first_log run.finished image.recorded");
}

TEST_CASE("the first log line is the first of a step, not one of the runner's own") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  const std::string facts = "SELECT count(*)::text AS v FROM journal WHERE event = 'job.first_log'";
  const std::string checked_out = "[slipway] checked out\n";
  REQUIRE(runner.Append(lease.key(), 0, checked_out, nullptr, "").ok());
  CHECK(f.Value(facts) == "0");
  auto at = static_cast<int64_t>(checked_out.size());
  REQUIRE(runner.Append(lease.key(), at, "hello\n").ok());
  CHECK(f.Value(facts) == "1");
  REQUIRE(runner.Append(lease.key(), at + 6, "more\n").ok());
  CHECK(f.Value(facts) == "1");
}

TEST_CASE("a job reaches its runner within milliseconds, without polling") {
  BuildFixture f;
  FakeRunner runner(f, "local", "session-1", 100);
  std::vector<absl::Duration> took;
  for (int i = 0; i < 40; ++i) {
    const std::string key = "d" + std::to_string(i);
    f.CreateRun(TestPlan(), key);
    const absl::Time created = absl::Now();
    const v1::Lease lease = runner.NextLease();
    took.push_back(absl::Now() - created);
    REQUIRE(runner.Append(lease.key(), 0, "line\n").ok());
    REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", false, 5).ok());
  }
  std::sort(took.begin(), took.end());
  INFO("median " << absl::FormatDuration(took[20]) << ", longest "
                 << absl::FormatDuration(took.back()));
  // The limit is that of a machine that does much else; it shows that no timer of a second is
  // involved.
  CHECK(took[20] < absl::Milliseconds(100));
}

TEST_CASE("the same key starts one run, whoever sends it and how often") {
  BuildFixture f;
  std::vector<std::string> names(8);
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < names.size(); ++i) {
    threads.emplace_back([&f, &names, i] {
      v1::CreateRunsRequest request;
      for (int k = 0; k < 4; ++k) {
        auto& run = *request.add_runs();
        run.set_idempotency_key("key-" + std::to_string(k));
        *run.mutable_plan() = TestPlan();
        run.set_cause("push");
      }
      v1::CreateRunsResponse response;
      const auto status = f.build->CreateRuns(f.As(ServicePrincipal()).get(), request, &response);
      if (!status.ok()) names[i] = status.error_message();
      for (const auto& result : response.results()) names[i] += result.name() + " ";
    });
  }
  threads.clear();
  for (const auto& each : names) CHECK(each == names[0]);
  CHECK(f.Value("SELECT count(*)::text AS v FROM runs") == "4");
  CHECK(f.Value("SELECT max(number)::text AS v FROM runs") == "4");
  CHECK(f.Value("SELECT string_agg(order_no::text, ' ' ORDER BY number) AS v FROM runs") ==
        "1 2 3 4");
}

TEST_CASE("a plan that can't be executed has an error of its own and does not stop the others") {
  BuildFixture f;
  v1::CreateRunsRequest request;
  auto& bad = *request.add_runs();
  bad.set_idempotency_key("bad");
  *bad.mutable_plan() = TestPlan();
  bad.mutable_plan()->clear_jobs();
  auto& good = *request.add_runs();
  good.set_idempotency_key("good");
  *good.mutable_plan() = TestPlan();
  v1::CreateRunsResponse response;
  REQUIRE(f.build->CreateRuns(f.As(ServicePrincipal()).get(), request, &response).ok());
  CHECK(response.results(0).error_code() == static_cast<int>(absl::StatusCode::kInvalidArgument));
  CHECK(response.results(0).error_message().find("plan.jobs") == 0);
  CHECK(response.results(1).name() == std::string(kWorkflow) + "/runs/1");
}

TEST_CASE("who may not deploy where a run ends up by itself may not start it") {
  BuildFixture f;
  f.pipeline.plan = TestPlan();
  v1::RunWorkflowRequest request;
  request.set_name(kWorkflow);
  v1::Run run;
  const auto only_prod = UserPrincipal("eve", auth::v1::BUILD_AND_DEPLOY, "demo", "prod");
  auto status = f.build->RunWorkflow(f.As(only_prod).get(), request, &run);
  CHECK(status.error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(status.error_message().find("\"dev\"") != std::string::npos);
  const auto viewer = UserPrincipal("eve", auth::v1::VIEW, "demo");
  CHECK(f.build->RunWorkflow(f.As(viewer).get(), request, &run).error_code() ==
        grpc::StatusCode::PERMISSION_DENIED);
  CHECK(f.Value("SELECT count(*)::text AS v FROM runs") == "0");
  CHECK(f.Value("SELECT compared->>'actor' AS v FROM journal WHERE event = 'run.refused'") ==
        "user:eve");

  const auto dev = UserPrincipal("ada", auth::v1::BUILD_AND_DEPLOY, "demo", "dev");
  request.set_request_id("r1");
  status = f.build->RunWorkflow(f.As(dev).get(), request, &run);
  INFO(status.error_message());
  REQUIRE(status.ok());
  CHECK(run.actor() == "user:ada");
  CHECK(run.cause() == "manual");
  CHECK(run.reason() == "waits for a runner: none is connected");
  v1::Run again;
  REQUIRE(f.build->RunWorkflow(f.As(dev).get(), request, &again).ok());
  CHECK(again.name() == run.name());
}

TEST_CASE("what pipeline refuses is told to whoever asked") {
  BuildFixture f;
  f.pipeline.plan_error = absl::NotFoundError("no commit 1234 in repository source");
  v1::RunWorkflowRequest request;
  request.set_name(kWorkflow);
  v1::Run run;
  const auto status = f.build->RunWorkflow(f.As(Admin()).get(), request, &run);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(status.error_message() == "no commit 1234 in repository source");
}

TEST_CASE("a failed run is repeated as a new run with the same plan and place") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string first = f.CreateRun(TestPlan(), "d1");
  v1::RetryRunRequest request;
  request.set_name(first);
  v1::Run retried;
  CHECK(f.build->RetryRun(f.As(Admin()).get(), request, &retried).error_code() ==
        grpc::StatusCode::FAILED_PRECONDITION);
  const v1::Lease lease = runner.NextLease();
  REQUIRE(runner.Complete(lease.key(), v1::FAILED, "step unit-test exited with 1").ok());
  const v1::Run failed = f.GetRun(first);
  CHECK(failed.state() == v1::FAILED);
  CHECK(failed.reason() == "step unit-test exited with 1");
  f.CreateRun(TestPlan(), "d2");
  REQUIRE(f.build->RetryRun(f.As(Admin()).get(), request, &retried).ok());
  CHECK(retried.retry_of() == first);
  CHECK(retried.plan_digest() == failed.plan_digest());
  CHECK(retried.cause() == "retry");
  CHECK(f.Value("SELECT order_no::text AS v FROM runs WHERE retry_of <> ''") == "1");
  CHECK(f.GetRun(first).state() == v1::FAILED);
}

TEST_CASE("a run that waits is cancelled at once, one that runs when its runner says so") {
  BuildFixture f;
  v1::CancelRunRequest request;
  v1::Run run;
  request.set_name(f.CreateRun(TestPlan(), "d1"));
  REQUIRE(f.build->CancelRun(f.As(Admin()).get(), request, &run).ok());
  CHECK(run.state() == v1::CANCELLED);
  CHECK(run.reason() == "cancelled by user:admin");
  CHECK(f.build->CancelRun(f.As(Admin()).get(), request, &run).error_code() ==
        grpc::StatusCode::FAILED_PRECONDITION);

  FakeRunner runner(f, "local");
  request.set_name(f.CreateRun(TestPlan(), "d2"));
  const v1::Lease lease = runner.NextLease();
  REQUIRE(f.build->CancelRun(f.As(Admin()).get(), request, &run).ok());
  CHECK(run.state() == v1::RUNNING);
  const v1::LeaseMessage cancel = runner.Next();
  REQUIRE(cancel.has_cancel());
  CHECK(cancel.cancel().key().fence() == lease.key().fence());
  std::vector<v1::LeaseKey> lost;
  REQUIRE(runner.Heartbeat({lease.key()}, &lost).ok());
  CHECK(lost.empty());
  CHECK(runner.Next().has_cancel());
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", true).ok());
  CHECK(f.GetRun(request.name()).state() == v1::CANCELLED);
  CHECK(f.Value("SELECT count(*)::text AS v FROM images") == "0");
  CHECK(f.AwaitEvents("run.finished", 2).size() == 2);
  CHECK(f.EventsSoFar("image.created").empty());
}

TEST_CASE("lists are paged, filtered, and leave out what the caller may not see") {
  BuildFixture f;
  for (int i = 0; i < 5; ++i) f.CreateRun(TestPlan(), "hello-" + std::to_string(i));
  plan::v1::Plan other = TestPlan();
  other.set_workflow("projects/demo/apps/other/workflows/main");
  other.set_ref("refs/heads/dev");
  for (int i = 0; i < 5; ++i) f.CreateRun(other, "other-" + std::to_string(i));

  v1::ListRunsRequest request;
  request.set_parent("projects/demo/apps/-/workflows/-");
  request.set_page_size(3);
  std::vector<std::string> seen;
  do {
    v1::ListRunsResponse page;
    REQUIRE(f.build->ListRuns(f.As(Admin()).get(), request, &page).ok());
    for (const auto& run : page.runs()) seen.push_back(run.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen.size() == 10);
  CHECK(seen.front() == "projects/demo/apps/other/workflows/main/runs/5");
  CHECK(seen.back() == std::string(kWorkflow) + "/runs/1");

  v1::ListRunsResponse page;
  request.set_branch("dev");
  REQUIRE(f.build->ListRuns(f.As(Admin()).get(), request, &page).ok());
  CHECK(page.runs_size() == 3);
  request.set_page_token(page.next_page_token());
  request.set_branch("main");
  CHECK(f.build->ListRuns(f.As(Admin()).get(), request, &page).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
  request.clear_page_token();
  request.set_branch("x' OR '1'='1");
  REQUIRE(f.build->ListRuns(f.As(Admin()).get(), request, &page).ok());
  CHECK(page.runs_size() == 0);
}

TEST_CASE("the tag of a pattern is reserved once and given back at the end") {
  BuildFixture f;
  plan::v1::Plan plan = TestPlan();
  plan.mutable_jobs(0)->mutable_steps(1)->mutable_image()->set_tag_pattern("v{x}");
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(plan, "d1");
  const v1::Lease lease = runner.NextLease();
  CHECK(lease.image_tag() == "v1");
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", true).ok());
  f.service->work().Stop();
  while (f.service->work().RunOnce() > 0) {
  }
  CHECK(f.Value("SELECT count(*)::text AS v FROM work WHERE kind = 'release_tag'") == "0");
  REQUIRE(f.pipeline.released.size() == 1);
  CHECK(f.pipeline.released[0] == std::make_pair(name, true));
}

TEST_CASE("a tag that exists already fails the run and says so") {
  BuildFixture f;
  f.pipeline.tag_error =
      absl::AlreadyExistsError("tag release exists already in 127.0.0.1:5000/demo/hello");
  plan::v1::Plan plan = TestPlan();
  plan.mutable_jobs(0)->mutable_steps(1)->mutable_image()->set_tag_pattern("release");
  FakeRunner runner(f, "local");
  const v1::Run run = f.WaitForState(f.CreateRun(plan, "d1"), v1::FAILED);
  CHECK(run.reason() == "tag release exists already in 127.0.0.1:5000/demo/hello");
  CHECK(run.jobs(0).steps(0).state() == v1::SKIPPED);
}

TEST_CASE("a run waits while pipeline is away and says so, then goes on") {
  BuildFixture f;
  const absl::Status away = absl::UnavailableError("connection refused");
  plan::v1::Plan plan = TestPlan();
  auto which = &FakePipeline::secrets_error;
  SECTION("for credentials of pull and push") {}
  SECTION("for the tag of its image") {
    plan.mutable_jobs(0)->mutable_steps(1)->mutable_image()->set_tag_pattern("v{x}");
    which = &FakePipeline::tag_error;
  }
  f.pipeline.Set(which, away);
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(plan, "d1");
  const v1::Run waiting = f.WaitFor(name, [](const v1::Run& run) {
    return run.reason().find("waits for the pipeline service: connection refused") == 0;
  });
  CHECK(waiting.state() == v1::PENDING);
  CHECK(waiting.jobs(0).state() == v1::PENDING);
  f.pipeline.Set(which, absl::OkStatus());
  const v1::Lease lease = runner.NextLease();
  CHECK(lease.attempt() == 1);
  CHECK(lease.git_credentials().at("local").password() == "git-password");
  CHECK(f.GetRun(name).reason().empty());
}

TEST_CASE("while pipeline is away it is asked once for all jobs that are ready") {
  BuildFixture f;
  f.service->dispatcher().Stop();
  f.pipeline.Set(&FakePipeline::secrets_error, absl::DeadlineExceededError("no answer"));
  FakeRunner runner(f, "local", "session-1", 100);
  for (const std::string key : {"d1", "d2", "d3"}) f.CreateRun(TestPlan(), key);
  CHECK(f.service->dispatcher().RunOnce() == 0);
  CHECK(f.pipeline.asked_for_secrets == 1);
  for (const std::string run : {"1", "2", "3"}) {
    CHECK(f.GetRun(std::string(kWorkflow) + "/runs/" + run).reason() ==
          "waits for the pipeline service: no answer");
  }
  f.pipeline.Set(&FakePipeline::secrets_error, absl::OkStatus());
  f.database.Exec("UPDATE jobs SET due_at = now()");
  CHECK(f.service->dispatcher().RunOnce() == 3);
}

}  // namespace slipway::build
