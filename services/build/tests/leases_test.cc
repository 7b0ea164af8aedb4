#include "libs/base/strings.h"
#include "services/build/engine/app_deletion.h"
#include "services/build/tests/build_fixture.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::build {
namespace {

// All leases end now, by the clock of the database.
void ExpireLeases(BuildFixture& f) {
  f.service->sweeper().Stop();
  REQUIRE(f.service->sweeper().RunOnce().ok());
  f.database.Exec(
      "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE state = 'RUNNING'");
  REQUIRE(f.service->sweeper().RunOnce().ok());
}

std::string Log(BuildFixture& f, v1::TailLogRequest request) {
  const auto context = f.As(Admin());
  const auto reader = f.build->TailLog(context.get(), request);
  std::string text;
  v1::LogChunk chunk;
  while (reader->Read(&chunk)) text += chunk.text();
  const auto status = reader->Finish();
  INFO(status.error_message());
  REQUIRE(status.ok());
  return text;
}

v1::TailLogRequest Tail(const v1::Lease& lease, bool follow, const std::string& step = "") {
  v1::TailLogRequest request;
  request.set_name(lease.key().job());
  request.set_follow(follow);
  request.set_step(step);
  return request;
}

}  // namespace

TEST_CASE("a runner can't touch a job of another runner") {
  BuildFixture f;
  FakeRunner one(f, "one");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = one.NextLease();
  REQUIRE(one.Append(lease.key(), 0, "mine\n").ok());

  FakeRunner two(f, "two");
  v1::LeaseKey guessed = lease.key();
  guessed.set_fence(lease.key().fence() + 1);
  v1::LeaseKey unknown = lease.key();
  unknown.set_job("projects/demo/apps/hello/workflows/main/runs/99/jobs/build");
  std::vector<v1::LeaseKey> lost;
  for (const v1::LeaseKey& key : {lease.key(), guessed, unknown}) {
    INFO(key.ShortDebugString());
    CHECK(two.Append(key, 5, "yours\n").error_code() == grpc::StatusCode::PERMISSION_DENIED);
    CHECK(two.Report(key, "unit-test", v1::FAILED).error_code() ==
          grpc::StatusCode::PERMISSION_DENIED);
    CHECK(two.Complete(key, v1::FAILED).error_code() == grpc::StatusCode::PERMISSION_DENIED);
    CHECK(two.Heartbeat({key}, &lost).error_code() == grpc::StatusCode::PERMISSION_DENIED);
  }
  // A user's token is no runner's, whatever the user may do.
  v1::HeartbeatRequest request;
  v1::HeartbeatResponse response;
  CHECK(f.runner->Heartbeat(f.As(Admin()).get(), request, &response).error_code() ==
        grpc::StatusCode::PERMISSION_DENIED);
  CHECK(f.GetRun(std::string(kWorkflow) + "/runs/1").state() == v1::RUNNING);
  REQUIRE(one.Complete(lease.key(), v1::SUCCEEDED, "", false, 5).ok());
  CHECK(Log(f, Tail(lease, false)) == "mine\n");
}

TEST_CASE(
    "a job whose runner is lost runs again as its next attempt, and the old one is shut out") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  const v1::Lease first = runner.NextLease();
  REQUIRE(runner.Report(first.key(), "unit-test", v1::RUNNING).ok());
  REQUIRE(runner.Append(first.key(), 0, "first attempt\n").ok());
  ExpireLeases(f);
  const v1::Lease second = runner.NextLease();
  CHECK(second.attempt() == 2);
  CHECK(second.key().fence() == first.key().fence() + 1);
  CHECK(runner.Append(first.key(), 14, "late").error_code() == grpc::StatusCode::ABORTED);
  CHECK(runner.Report(first.key(), "unit-test", v1::SUCCEEDED).error_code() ==
        grpc::StatusCode::ABORTED);
  CHECK(runner.Complete(first.key(), v1::SUCCEEDED, "", true).error_code() ==
        grpc::StatusCode::ABORTED);
  std::vector<v1::LeaseKey> lost;
  REQUIRE(runner.Heartbeat({first.key(), second.key()}, &lost).ok());
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].fence() == first.key().fence());
  REQUIRE(runner.Append(second.key(), 0, "second attempt\n").ok());
  REQUIRE(runner.Complete(second.key(), v1::SUCCEEDED, "", true, 15).ok());
  const v1::Run run = f.GetRun(name);
  CHECK(run.state() == v1::SUCCEEDED);
  CHECK(run.jobs(0).attempt() == 2);
  CHECK(f.Value("SELECT message AS v FROM journal WHERE event = 'job.requeued'") ==
        "runner local was lost; attempt 2 starts");
  CHECK(f.Value("SELECT count(*)::text AS v FROM images") == "1");
  v1::TailLogRequest request = Tail(second, false);
  CHECK(Log(f, request) == "second attempt\n");
  request.set_attempt(1);
  CHECK(Log(f, request) == "first attempt\n");
}

TEST_CASE("a job that loses every runner fails after its last attempt") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    CHECK(runner.NextLease().attempt() == attempt);
    ExpireLeases(f);
  }
  const v1::Run run = f.GetRun(name);
  CHECK(run.state() == v1::FAILED);
  CHECK(run.reason().find("runner local was lost in attempt 3 of 3") == 0);
}

TEST_CASE("a heartbeat keeps a job") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  f.service->sweeper().Stop();
  REQUIRE(f.service->sweeper().RunOnce().ok());
  f.database.Exec("UPDATE jobs SET lease_until = now() - interval '1 second'");
  std::vector<v1::LeaseKey> lost;
  REQUIRE(runner.Heartbeat({lease.key()}, &lost).ok());
  CHECK(lost.empty());
  REQUIRE(f.service->sweeper().RunOnce().ok());
  CHECK(f.GetRun(name).jobs(0).attempt() == 1);
}

TEST_CASE("a heartbeat with a job that is not the runner's renews the others and calls it lost") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  v1::LeaseKey unknown = lease.key();
  unknown.set_job("projects/demo/apps/hello/workflows/main/runs/99/jobs/build");
  const std::string ends = "SELECT lease_until::text AS v FROM jobs";
  const std::string before = f.Value(ends);
  std::vector<v1::LeaseKey> lost;
  REQUIRE(runner.Heartbeat({unknown, lease.key()}, &lost).ok());
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].job() == unknown.job());
  CHECK(f.Value(ends) > before);
}

TEST_CASE("a runner that was restarted gets its jobs again at once") {
  BuildFixture f;
  FakeRunner before(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease first = before.NextLease();
  FakeRunner after(f, "local");
  const v1::Lease second = after.NextLease();
  CHECK(second.attempt() == 2);
  CHECK(before.End().error_code() == grpc::StatusCode::ABORTED);
  CHECK(before.Append(first.key(), 0, "late").error_code() == grpc::StatusCode::ABORTED);
}

TEST_CASE("a stream that broke sends again what may not have arrived, as the same holding") {
  BuildFixture f;
  FakeRunner before(f, "local", "session-1");
  f.CreateRun(TestPlan(), "d1");
  f.CreateRun(TestPlan(), "d2");
  const v1::Lease known = before.NextLease();
  const v1::Lease lost = before.NextLease();
  REQUIRE(before.Report(known.key(), "unit-test", v1::RUNNING).ok());
  FakeRunner after(f, "local", "session-1");
  const v1::Lease again = after.NextLease();
  CHECK(again.key().job() == lost.key().job());
  CHECK(again.key().fence() == lost.key().fence());
  CHECK(again.attempt() == 1);
  CHECK(again.git_credentials().at("local").password() == "git-password");
  REQUIRE(after.Complete(known.key(), v1::SUCCEEDED).ok());
  REQUIRE(after.Complete(again.key(), v1::SUCCEEDED).ok());
}

TEST_CASE("the service is restarted in the middle of a job and nothing is lost") {
  BuildFixture f;
  auto runner = std::make_unique<FakeRunner>(f, "local", "session-1");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner->NextLease();
  REQUIRE(runner->Append(lease.key(), 0, "before ").ok());
  runner.reset();
  // The lease ends while nobody is there to renew it.
  f.service->sweeper().Stop();
  f.database.Exec("UPDATE jobs SET lease_until = now() - interval '1 minute'");
  f.Restart();
  f.service->sweeper().Stop();
  REQUIRE(f.service->sweeper().RunOnce().ok());
  runner = std::make_unique<FakeRunner>(f, "local", "session-1");
  std::vector<v1::LeaseKey> lost;
  REQUIRE(runner->Heartbeat({lease.key()}, &lost).ok());
  CHECK(lost.empty());
  REQUIRE(runner->Append(lease.key(), 3, "ore and after").ok());
  REQUIRE(runner->Complete(lease.key(), v1::SUCCEEDED, "", true, 16).ok());
  CHECK(f.GetRun(name).jobs(0).attempt() == 1);
  CHECK(Log(f, Tail(lease, true)) == "before and after");
}

TEST_CASE("jobs go to the runner with most free places, and wait when all are taken") {
  BuildFixture f;
  FakeRunner small(f, "small", "s", 1);
  FakeRunner large(f, "large", "l", 2);
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) names.push_back(f.CreateRun(TestPlan(), "d" + std::to_string(i)));
  const v1::Lease a = large.NextLease();
  const v1::Lease b = small.NextLease();
  const v1::Lease c = large.NextLease();
  CHECK(a.key().job() != c.key().job());
  const v1::Run waiting = f.GetRun(names[3]);
  CHECK(waiting.state() == v1::PENDING);
  CHECK(waiting.reason() == "waits for a free runner: all 3 places are taken");
  REQUIRE(small.Complete(b.key(), v1::SUCCEEDED).ok());
  CHECK(small.NextLease().key().job() == names[3] + "/jobs/build");
}

TEST_CASE("a runner that gives a job back has it run elsewhere") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease first = runner.NextLease();
  REQUIRE(runner.Complete(first.key(), v1::CANCELLED).ok());
  CHECK(runner.NextLease().attempt() == 2);
}

TEST_CASE("followers see each line as it comes, from the start, and know the end") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  const auto context = f.As(Admin());
  const auto reader = f.build->TailLog(context.get(), Tail(lease, true));
  const auto slow_context = f.As(Admin());
  const auto slow = f.build->TailLog(slow_context.get(), Tail(lease, true));
  v1::LogChunk chunk;
  // A character that is cut in two by the runner arrives whole.
  REQUIRE(runner.Append(lease.key(), 0, "gr\xC3").ok());
  REQUIRE(reader->Read(&chunk));
  CHECK(chunk.text() == "gr");
  REQUIRE(runner
              .Append(lease.key(), 3,
                      "\xBC\xC3\x9F"
                      "e \xFF\n")
              .ok());
  REQUIRE(reader->Read(&chunk));
  CHECK(chunk.offset() == 2);
  CHECK(chunk.text() ==
        "\xC3\xBC\xC3\x9F"
        "e \xEF\xBF\xBD\n");
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "line " + std::to_string(i) + "\n";
  int64_t size = 10;
  for (size_t at = 0; at < many.size(); at += 100'000) {
    REQUIRE(runner.Append(lease.key(), size, many.substr(at, 100'000), &size).ok());
  }
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", false, size).ok());
  for (auto* each : {reader.get(), slow.get()}) {
    std::string text;
    bool last = false;
    while (each->Read(&chunk)) {
      text += chunk.text();
      last = chunk.last();
      CHECK(chunk.text().size() <= 3 * 65536);
    }
    CHECK(each->Finish().ok());
    CHECK(last);
    CHECK(text.substr(text.size() - many.size()) == many);
  }
}

TEST_CASE("a step's part of the log is read alone") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  REQUIRE(runner.Append(lease.key(), 0, "test\nimage\nsmoke\n").ok());
  REQUIRE(runner.Report(lease.key(), "unit-test", v1::SUCCEEDED, 0, 5).ok());
  REQUIRE(runner.Report(lease.key(), "image", v1::SUCCEEDED, 5, 11).ok());
  REQUIRE(runner.Report(lease.key(), "smoke", v1::RUNNING, 11, 11).ok());
  CHECK(Log(f, Tail(lease, false, "unit-test")) == "test\n");
  CHECK(Log(f, Tail(lease, true, "image")) == "image\n");
  CHECK(Log(f, Tail(lease, false, "smoke")) == "smoke\n");
  v1::TailLogRequest request = Tail(lease, false, "deploy");
  const auto context = f.As(Admin());
  const auto reader = f.build->TailLog(context.get(), request);
  v1::LogChunk chunk;
  CHECK_FALSE(reader->Read(&chunk));
  CHECK(reader->Finish().error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("logs of ended jobs move to the archive and read the same") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  REQUIRE(runner.Append(lease.key(), 0, "kept\n").ok());
  REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", false, 5).ok());
  f.service->work().Stop();
  while (f.service->work().RunOnce() > 0) {
  }
  CHECK(f.Value("SELECT count(*)::text AS v FROM work") == "0");
  CHECK(PathExists(f.data.path() + "/archive"));
  CHECK(Log(f, Tail(lease, true)) == "kept\n");
}

TEST_CASE(
    "a deleted app ends its runs, hides its history, and is confirmed when the last run has "
    "ended") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  const std::string name = f.CreateRun(TestPlan(), "d1");
  const v1::Lease lease = runner.NextLease();
  f.service->work().Stop();
  pipeline::v1::DefinitionChanged change;
  change.set_name("projects/demo/apps/hello");
  change.set_app_uid("uid-1");
  events::Event event;
  event.type = "app.deleting";
  event.payload = change.SerializeAsString();
  REQUIRE(db::RunTx(f.database.pool(), "test.apply", absl::Seconds(5), [&](db::Tx& tx) {
            return ApplyPipelineEvent(f.service->core(), tx, event);
          }).ok());
  f.service->work().RunOnce();
  CHECK(f.pipeline.confirmed.empty());
  v1::GetRunRequest request;
  request.set_name(name);
  v1::Run run;
  CHECK(f.build->GetRun(f.As(Admin()).get(), request, &run).error_code() ==
        grpc::StatusCode::NOT_FOUND);
  REQUIRE(runner.Next().has_cancel());
  REQUIRE(runner.Complete(lease.key(), v1::CANCELLED).ok());
  f.database.Exec("UPDATE work SET due_at = now()");
  f.service->work().RunOnce();
  REQUIRE(f.pipeline.confirmed.size() == 1);
  CHECK(f.pipeline.confirmed[0] ==
        std::make_pair(std::string("projects/demo/apps/hello"), std::string("uid-1")));
  // A new app of the same name sees nothing of the old one, and no name means two things.
  plan::v1::Plan plan = TestPlan();
  plan.set_app_uid("uid-2");
  CHECK(f.CreateRun(plan, "d2") == std::string(kWorkflow) + "/runs/2");
}

TEST_CASE(
    "runners are created with a token, paused, and deleted with their jobs running elsewhere") {
  BuildFixture f;
  v1::CreateRunnerRequest create;
  create.set_runner_id("extra");
  v1::Runner runner;
  REQUIRE(f.build->CreateRunner(f.As(Admin()).get(), create, &runner).ok());
  CHECK(runner.status().token() == "token-of-extra");
  CHECK(f.build->CreateRunner(f.As(Admin()).get(), create, &runner).error_code() ==
        grpc::StatusCode::ALREADY_EXISTS);
  FakeRunner extra(f, "extra");
  v1::GetRunnerRequest get;
  get.set_name("runners/extra");
  REQUIRE(f.build->GetRunner(f.As(Admin()).get(), get, &runner).ok());
  CHECK(runner.status().online());
  CHECK(runner.status().token().empty());

  v1::UpdateRunnerRequest update;
  update.mutable_runner()->set_name("runners/extra");
  update.mutable_runner()->mutable_spec()->set_paused(true);
  REQUIRE(f.build->UpdateRunner(f.As(Admin()).get(), update, &runner).ok());
  const std::string name = f.CreateRun(TestPlan(), "d1");
  CHECK(f.GetRun(name).reason() == "waits for a runner: all that are connected are paused");
  update.mutable_runner()->mutable_spec()->set_paused(false);
  REQUIRE(f.build->UpdateRunner(f.As(Admin()).get(), update, &runner).ok());
  extra.NextLease();

  v1::DeleteRunnerRequest remove;
  remove.set_name("runners/extra");
  v1::DeleteRunnerResponse removed;
  REQUIRE(f.build->DeleteRunner(f.As(Admin()).get(), remove, &removed).ok());
  CHECK(f.auth.deleted == std::vector<std::string>{"extra"});
  CHECK(extra.End().error_code() == grpc::StatusCode::ABORTED);
  FakeRunner other(f, "other");
  CHECK(other.NextLease().attempt() == 2);
}

TEST_CASE("a job over its time fails even if its runner says nothing") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  plan::v1::Plan plan = TestPlan();
  plan.mutable_jobs(0)->mutable_timeout()->set_seconds(120);
  const std::string name = f.CreateRun(plan, "d1");
  const v1::Lease lease = runner.NextLease();
  f.service->sweeper().Stop();
  REQUIRE(f.service->sweeper().RunOnce().ok());
  f.database.Exec("UPDATE jobs SET started_at = now() - interval '170 seconds'");
  REQUIRE(f.service->sweeper().RunOnce().ok());
  CHECK(f.GetRun(name).state() == v1::RUNNING);
  f.database.Exec("UPDATE jobs SET started_at = now() - interval '190 seconds'");
  REQUIRE(f.service->sweeper().RunOnce().ok());
  const v1::Run run = f.GetRun(name);
  CHECK(run.state() == v1::FAILED);
  CHECK(run.reason().find("took longer than its limit of 2 minutes") == 0);
  CHECK(runner.Append(lease.key(), 0, "late").error_code() == grpc::StatusCode::ABORTED);
}

TEST_CASE(
    "a runner that is connected was seen just now, without a job and whatever the clock did") {
  BuildFixture f;
  FakeRunner runner(f, "local");
  f.service->sweeper().Stop();
  const std::string offset = GENERATE("- interval '1 hour'", "+ interval '1 hour'");
  f.database.Exec("UPDATE runners SET last_seen_at = now() " + offset);
  REQUIRE(f.service->sweeper().RunOnce().ok());
  v1::GetRunnerRequest get;
  get.set_name("runners/local");
  v1::Runner seen;
  REQUIRE(f.build->GetRunner(f.As(Admin()).get(), get, &seen).ok());
  CHECK(seen.status().online());
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  CHECK(std::abs(now - seen.status().last_seen_time().seconds()) < 10);
}

}  // namespace slipway::build
