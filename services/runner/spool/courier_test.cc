#include "services/runner/spool/courier.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "services/runner/spool/back_off.h"
#include "services/runner/testing/fake_build_link.h"

namespace slipway::runner {
namespace {

struct Fixture {
  TempDir folder = *TempDir::Create("courier-");
  FakeBuildLink link;
  std::atomic<int> lost = 0;

  std::unique_ptr<Courier> Start() {
    build::v1::LeaseKey key;
    key.set_job("projects/p/apps/a/workflows/w/runs/1/jobs/j");
    key.set_fence(3);
    auto courier = Courier::Start(link, key, folder.path(), [this] { ++lost; });
    REQUIRE(courier.ok());
    return *std::move(courier);
  }
  build::v1::CompleteJobRequest Result(const Courier& courier) {
    build::v1::CompleteJobRequest result;
    result.mutable_key()->set_fence(3);
    result.set_state(build::v1::State::SUCCEEDED);
    result.set_log_size(courier.log_size());
    return result;
  }
};

constexpr absl::Duration kPatience = absl::Seconds(20);

}  // namespace

TEST_CASE("Log, steps and result arrive in order, once, in chunks of bounded size") {
  Fixture f;
  auto courier = f.Start();
  std::string expected;
  build::v1::Step step;
  step.set_name("test");
  step.set_state(build::v1::State::RUNNING);
  courier->Report(step);
  for (int i = 0; i < 20000; ++i) {
    const std::string line = "line " + std::to_string(i) + " with some text that fills it\n";
    courier->Append(line, "test");
    expected += line;
  }
  step.set_state(build::v1::State::SUCCEEDED);
  courier->Report(step);
  courier->Complete(f.Result(*courier));
  REQUIRE(courier->WaitDelivered({}, kPatience));
  CHECK(f.link.Log() == expected);
  CHECK(f.link.LargestChunk() <= (128 << 10));
  CHECK(f.link.Appends() < 20000);
  CHECK(f.link.History().back() == "test SUCCEEDED");
  CHECK(f.link.WaitForResult().state() == build::v1::State::SUCCEEDED);
}

TEST_CASE("A piece of the log is of a step from the step's first byte on") {
  Fixture f;
  auto courier = f.Start();
  courier->Append("[slipway] checked out\n", "");
  REQUIRE(f.link.WaitForLog("checked out\n"));
  CHECK(f.link.LogSteps() == std::vector<std::string>{""});
  courier->Append("hello\n", "test");
  REQUIRE(f.link.WaitForLog("hello\n"));
  courier->Append("[slipway] exit code 1\n", "");
  REQUIRE(f.link.WaitForLog("exit code 1\n"));
  CHECK(f.link.LogSteps() == std::vector<std::string>{"", "test", "test"});
}

TEST_CASE(
    "Nothing is lost while the build service is away, nor when it forgot the end of the log") {
  Fixture f;
  auto courier = f.Start();
  courier->Append("before\n", "s");
  REQUIRE(f.link.WaitForLog("before\n"));
  f.link.Answer(absl::UnavailableError("away"));
  courier->Append("meanwhile\n", "s");
  courier->Complete(f.Result(*courier));
  f.link.ForgetLog(3);
  f.link.Answer(absl::OkStatus());
  REQUIRE(courier->WaitDelivered({}, kPatience));
  CHECK(f.link.Log() == "before\nmeanwhile\n");
  CHECK(f.lost == 0);
}

TEST_CASE("A result that was not delivered is delivered by the next process") {
  Fixture f;
  f.link.Answer(absl::UnavailableError("away"));
  build::v1::CompleteJobRequest result;
  {
    auto courier = f.Start();
    courier->Append("all of the log\n", "s");
    courier->Complete(f.Result(*courier));
    CHECK_FALSE(courier->WaitDelivered({}, absl::Milliseconds(20)));
  }
  f.link.Answer(absl::OkStatus());
  const auto text = ReadFile(f.folder.path() + "/" + Courier::kResultFile);
  REQUIRE(text.ok());
  REQUIRE(result.ParseFromString(*text));
  auto courier = f.Start();
  courier->Complete(result);
  REQUIRE(courier->WaitDelivered({}, kPatience));
  CHECK(f.link.Log() == "all of the log\n");
}

TEST_CASE("Output that the disk can't take is missing as a whole, and the log says where") {
  Fixture f;
  auto courier = f.Start();
  courier->Append("before\n", "s");
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const rlimit full{10, old.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  courier->Append("lost one\n", "s");
  courier->Append("lost two\n", "s");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &old) == 0);
  courier->Append("after\n", "s");
  courier->Complete(f.Result(*courier));
  REQUIRE(courier->WaitDelivered({}, kPatience));
  CHECK(f.link.Log() ==
        "before\n\n[slipway] output is missing here: the disk of the runner was full\nafter\n");
}

TEST_CASE("A courier knows whether the build service is away") {
  Fixture f;
  f.link.Answer(absl::UnavailableError("away"));
  auto courier = f.Start();
  courier->Append("text\n", "s");
  while (!courier->ServiceAway()) ::sched_yield();
  f.link.Answer(absl::InternalError("no"));
  while (courier->ServiceAway()) ::sched_yield();
  f.link.Answer(absl::OkStatus());
  CHECK(f.link.WaitForLog("text\n"));
}

TEST_CASE("A job under an old fencing token is told once and says no more") {
  Fixture f;
  f.link.Answer(absl::AbortedError("the job has a newer holder"));
  auto courier = f.Start();
  courier->Append("text\n", "s");
  CHECK(courier->WaitDelivered({}, kPatience));
  courier->Append("more\n", "s");
  courier->Complete(f.Result(*courier));
  courier.reset();
  CHECK(f.lost == 1);
  CHECK(f.link.Appends() == 1);
}

TEST_CASE("The first attempt after a failure comes at once, later ones within a second") {
  BackOff back_off;
  CHECK(back_off.Next() == absl::ZeroDuration());
  absl::Duration last;
  for (int i = 0; i < 20; ++i) {
    last = back_off.Next();
    CHECK(last >= absl::Milliseconds(10));
    CHECK(last <= absl::Seconds(1));
  }
  CHECK(last >= absl::Milliseconds(500));
  back_off.Reset();
  CHECK(back_off.Next() == absl::ZeroDuration());
}

}  // namespace slipway::runner
