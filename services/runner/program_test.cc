#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/git/testing/git_server.h"
#include "libs/http/url.h"
#include "libs/process/process.h"
#include "services/runner/testing/fake_build_service.h"

namespace slipway::runner {
namespace {

using build::v1::State;

// The program itself, against a build service in memory.
struct Fixture {
  TempDir root = *TempDir::Create("runner-program-");
  git::GitServer git;
  FakeBuildService service{root.path() + "/build.sock"};
  std::optional<process::Process> runner;
  std::string allowed_hosts;  // the git server's pair
  std::string sha;

  Fixture() {
    git.CreateRepository("demo/hello");
    const absl::StatusOr<http::Url> url = http::ParseUrl(git.Url("demo/hello"));
    REQUIRE(url.ok());
    allowed_hosts = url->host + ":" + std::to_string(url->port);
    sha = git.Commit("demo/hello", "main", {{"README", "hello\n"}}, "first");
    REQUIRE(WriteFileAtomic(root.path() + "/token", "the-token\n").ok());
    StartRunner();
    REQUIRE(service.WaitForStream(1));
  }
  void StartRunner() {
    process::ProcessSpec spec;
    spec.argv = {std::string(std::getenv("SLIPWAY_BIN_DIR")) + "/slipway-runner",
                 "--build-address",
                 service.address(),
                 "--auth-address",
                 service.address(),
                 "--token-file",
                 root.path() + "/token",
                 "--data-dir",
                 root.path() + "/data",
                 "--slots",
                 "3",
                 "--allowed-hosts",
                 allowed_hosts};
    spec.out = process::OutputSink::Fd(2);
    spec.err = process::OutputSink::Fd(2);
    auto started = process::Process::Start(spec);
    REQUIRE(started.ok());
    runner.emplace(*std::move(started));
  }
  void KillRunner() {
    ::kill(runner->pid(), SIGKILL);
    REQUIRE(runner->Wait(absl::Seconds(5)).ok());
    runner.reset();
  }
  build::v1::LeaseMessage Lease(const std::string& job, const std::string& script,
                                int64_t fence = 1) const {
    build::v1::LeaseMessage message;
    build::v1::Lease& lease = *message.mutable_lease();
    lease.mutable_key()->set_job("projects/demo/apps/hello/workflows/main/runs/1/jobs/" + job);
    lease.mutable_key()->set_fence(fence);
    lease.set_attempt(static_cast<int32_t>(fence));
    lease.set_ref("refs/heads/main");
    plan::v1::Source& source = *lease.add_sources();
    source.set_name("source");
    source.set_url(git.Url("demo/hello"));
    source.set_commit(sha);
    source.set_checkout_path(".");
    plan::v1::Step& step = *lease.mutable_job()->add_steps();
    step.set_name("step");
    step.mutable_shell()->set_script(script);
    return message;
  }
};

int ProcessesWith(const std::string& marker) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto text = ReadFile(entry.path().string() + "/cmdline");
    if (text.ok() && text->find(marker) != std::string::npos) ++count;
  }
  return count;
}

// Waits until no such process is left; the time that took.
absl::Duration UntilGone(const std::string& marker) {
  const absl::Time start = absl::Now();
  while (ProcessesWith(marker) > 0 && absl::Now() - start < absl::Seconds(10)) ::sched_yield();
  return absl::Now() - start;
}

}  // namespace

TEST_CASE("A runner takes a job from the stream, renews it, and delivers log and result") {
  Fixture f;
  CHECK(f.service.Streams()[0].slots() == 3);
  CHECK(f.service.Streams()[0].session().size() == 26);
  f.service.Push(
      f.Lease("build", "cat README; echo waiting; while [ ! -e go ]; do sleep 0.05; done"));
  REQUIRE(f.service.state().WaitForLog("hello\nwaiting\n"));
  CHECK(f.service.WaitForHeartbeat("projects/demo/apps/hello/workflows/main/runs/1/jobs/build"));
  for (const auto& job : std::filesystem::directory_iterator(f.root.path() + "/data/jobs")) {
    REQUIRE(WriteFileAtomic(job.path().string() + "/workspace/go", "").ok());
  }
  CHECK(f.service.state().WaitForResult().state() == State::SUCCEEDED);
}

TEST_CASE("A job whose repository is at an address that is neither public nor allowed says so") {
  Fixture f;
  const git::GitServer other;
  auto message = f.Lease("build", "true");
  message.mutable_lease()->mutable_sources(0)->set_url(other.Url("demo/hello"));
  f.service.Push(message);
  const auto result = f.service.state().WaitForResult();
  CHECK(result.state() == State::FAILED);
  INFO(result.reason());
  CHECK(result.reason().find("is no public address; an operator may allow 127.0.0.1:") !=
        std::string::npos);
}

TEST_CASE("Jobs go on while the build service is away, and nothing of them is lost") {
  Fixture f;
  f.service.Push(f.Lease(
      "build", "echo one; sleep 0.5; for i in $(seq 1000); do echo line $i; done; echo last"));
  REQUIRE(f.service.state().WaitForLog("one\n"));
  f.service.Stop();
  const auto job =
      std::filesystem::directory_iterator(f.root.path() + "/data/jobs")->path().string();
  while (!PathExists(job + "/result")) ::sched_yield();
  f.service.Start();
  CHECK(f.service.state().WaitForResult().state() == State::SUCCEEDED);
  CHECK(f.service.state().Log().find("line 1000\nlast\n") != std::string::npos);
  REQUIRE(f.service.WaitForStream(2));
  CHECK(f.service.Streams()[0].session() == f.service.Streams()[1].session());
}

TEST_CASE(
    "A killed runner takes its jobs with it, and the next process delivers what was complete") {
  Fixture f;
  const std::string marker = "3606." + std::to_string(::getpid());
  f.service.Push(f.Lease("long", "setsid sleep " + marker + " & sleep " + marker +
                                     " & sleep 0.05; echo started-long; wait"));
  REQUIRE(f.service.state().WaitForLog("started-long"));
  CHECK(ProcessesWith(marker) >= 2);
  f.KillRunner();
  CHECK(UntilGone(marker) < absl::Seconds(1));
  f.StartRunner();
  REQUIRE(f.service.WaitForStream(2));
  CHECK(f.service.Streams()[0].session() != f.service.Streams()[1].session());
  CHECK(std::filesystem::is_empty(f.root.path() + "/data/jobs"));

  f.service.state().Answer(absl::UnavailableError("away"));
  f.service.state().ForgetLog(0);
  f.service.Push(f.Lease("short", "echo done-short; exit 4"));
  std::string result;
  while (result.empty()) {
    for (const auto& job : std::filesystem::directory_iterator(f.root.path() + "/data/jobs")) {
      if (PathExists(job.path().string() + "/result")) result = job.path().string();
    }
  }
  f.KillRunner();
  f.service.state().Answer(absl::OkStatus());
  f.StartRunner();
  CHECK(f.service.state().WaitForResult().steps(0).exit_code() == 4);
  CHECK(f.service.state().Log().find("done-short\n") != std::string::npos);
}

TEST_CASE(
    "A job that the heartbeat calls lost ends within a second of it, and one that is cancelled by "
    "the stream says so") {
  Fixture f;
  const std::string marker = "3607." + std::to_string(::getpid());
  auto lost = f.Lease("lost", "sleep " + marker + " & sleep 0.05; echo started-lost; wait");
  f.service.Push(lost);
  REQUIRE(f.service.state().WaitForLog("started-lost"));
  f.service.LoseInHeartbeat(lost.lease().key());
  CHECK(UntilGone(marker) < absl::Seconds(2.5));  // the heartbeat comes each second here

  f.service.state().ForgetLog(0);
  const auto cancelled =
      f.Lease("cancelled", "sleep " + marker + " & sleep 0.05; echo started-cancelled; wait");
  f.service.Push(cancelled);
  REQUIRE(f.service.state().WaitForLog("started-cancelled"));
  build::v1::LeaseMessage cancel;
  *cancel.mutable_cancel()->mutable_key() = cancelled.lease().key();
  cancel.mutable_cancel()->set_reason("cancelled by user:admin");
  f.service.Push(cancel);
  const auto result = f.service.state().WaitForResult();
  CHECK(result.state() == State::CANCELLED);
  CHECK(result.reason() == "cancelled by user:admin");
  CHECK(ProcessesWith(marker) == 0);
}

TEST_CASE("A runner that is asked to stop ends its jobs and itself within a second") {
  Fixture f;
  const std::string marker = "3608." + std::to_string(::getpid());
  f.service.Push(
      f.Lease("long", "trap '' TERM; sleep " + marker + " & sleep 0.05; echo started-long; wait"));
  REQUIRE(f.service.state().WaitForLog("started-long"));
  const absl::Time start = absl::Now();
  ::kill(f.runner->pid(), SIGTERM);
  const auto ended = f.runner->Wait(absl::Seconds(5));
  REQUIRE(ended.ok());
  REQUIRE(ended->has_value());
  CHECK((*ended)->exit_code == 0);
  CHECK(absl::Now() - start < absl::Seconds(1));
  CHECK(ProcessesWith(marker) == 0);
}

#ifndef __SANITIZE_ADDRESS__  // which needs memory of its own
TEST_CASE("An idle runner is small") {
  Fixture f;
  const auto text = ReadFile("/proc/" + std::to_string(f.runner->pid()) + "/smaps_rollup");
  REQUIRE(text.ok());
  int private_kb = 0;
  for (const std::string& line : Split(*text, '\n')) {
    if (line.rfind("Private_Dirty:", 0) == 0) private_kb = std::atoi(line.substr(14).c_str());
  }
  CHECK(private_kb > 0);
  CHECK(private_kb < 12 << 10);
}
#endif

}  // namespace slipway::runner
