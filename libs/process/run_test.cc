#include "libs/process/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/unique_fd.h"

namespace slipway::process {
namespace {

ProcessSpec Shell(std::string script) {
  ProcessSpec spec;
  spec.argv = {"sh", "-c", std::move(script)};
  return spec;
}

TEST_CASE("Run returns exit code and both streams") {
  auto result = Run(Shell("echo out; echo err >&2; exit 3"));
  REQUIRE(result.ok());
  CHECK(result->exit_code == 3);
  CHECK(result->out == "out\n");
  CHECK(result->err == "err\n");
  CHECK_FALSE(result->ok());
  CHECK(result->Describe() == "exit code 3");
}

TEST_CASE("Run tells a signal from an exit code") {
  auto result = Run(Shell("kill -9 $$"));
  REQUIRE(result.ok());
  CHECK(result->ending == ProcessResult::Ending::kSignalled);
  CHECK(result->signal == SIGKILL);
  CHECK(result->Describe() == "signal 9 (Killed)");
}

TEST_CASE("A missing program is named with its package") {
  ProcessSpec spec;
  spec.argv = {"no-such-program-here"};
  spec.package = "nothing";
  const absl::Status status = Run(spec).status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(MessageOf(status) ==
        "program \"no-such-program-here\" is not installed; the Debian package \"nothing\" brings "
        "it");
  CHECK(DetailsOf(status).reason == "PROGRAM_MISSING");
  spec.argv = {"/usr/bin/no-such-program-here"};
  CHECK(Run(spec).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("A missing folder is not mistaken for a missing program") {
  ProcessSpec spec = Shell("true");
  spec.cwd = "/no/such/folder";
  CHECK(Run(spec).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("The child sees only the allowed environment") {
  ::setenv("SLIPWAY_TEST_SECRET", "hidden", 1);
  ProcessSpec spec;
  spec.argv = {"env"};
  spec.env = {{"GIVEN", "a b"}};
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->out.find("hidden") == std::string::npos);
  CHECK(result->out.find("GIVEN=a b\n") != std::string::npos);
  CHECK(result->out.find("PATH=") != std::string::npos);
}

TEST_CASE("Arguments reach the program as they are") {
  ProcessSpec spec;
  spec.argv = {"printf", "%s|", "a b", "$(id)", "; rm -rf x", "", "\"'"};
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->out == "a b|$(id)|; rm -rf x||\"'|");
  spec.argv[2] = std::string("a\0b", 3);
  CHECK(Run(spec).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Input larger than a pipe is fed while output is read") {
  ProcessSpec spec;
  spec.argv = {"cat"};
  spec.stdin_data = std::string(700'000, 'x');
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->out == spec.stdin_data);
  spec.argv = {"true"};  // does not read its input
  result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->ok());
}

TEST_CASE("Captured output is bounded and keeps head and tail") {
  ProcessSpec spec = Shell("echo first; head -c 5000000 /dev/zero; echo; echo last");
  spec.out = OutputSink::Capture(1000);
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->out.size() < 1100);
  CHECK(result->out.starts_with("first\n"));
  CHECK(result->out.ends_with("\nlast\n"));
}

TEST_CASE("Chunks go to a callback, both streams as one when asked") {
  std::string seen;
  ProcessSpec spec = Shell("echo a; echo b >&2; echo c");
  spec.out = OutputSink::Call([&](std::string_view chunk) { seen += chunk; });
  spec.err = OutputSink::SameAsStdout();
  REQUIRE(Run(spec).ok());
  CHECK(seen == "a\nb\nc\n");
}

TEST_CASE("A timeout ends the whole group and keeps what was captured") {
  // The grandchild holds the output pipe open: only the end of the whole group lets Run see its
  // end.
  ProcessSpec spec = Shell("echo before; cat /dev/zero > /dev/null & cat /dev/zero > /dev/null");
  spec.timeout = absl::Milliseconds(200);
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->ending == ProcessResult::Ending::kTimedOut);
  CHECK(result->out == "before\n");
  CHECK(result->elapsed < absl::Seconds(2));
}

TEST_CASE("A child that ignores SIGTERM is killed after the grace of a timeout") {
  ProcessSpec spec = Shell("trap '' TERM; while :; do :; done");
  spec.timeout = absl::Milliseconds(100);
  spec.kill_grace = absl::Milliseconds(50);
  auto result = Run(spec);
  REQUIRE(result.ok());
  CHECK(result->ending == ProcessResult::Ending::kTimedOut);
  CHECK(result->signal == SIGKILL);
}

TEST_CASE("A stop request ends the child at once, also one made before the start") {
  std::stop_source stop;
  ProcessSpec spec = Shell("echo ready; cat /dev/zero > /dev/null");
  spec.out = OutputSink::Call([&](std::string_view) { stop.request_stop(); });
  auto result = Run(spec, stop.get_token());
  REQUIRE(result.ok());
  CHECK(result->ending == ProcessResult::Ending::kStopped);
  CHECK(result->elapsed < absl::Seconds(2));
  result = Run(spec, stop.get_token());
  REQUIRE(result.ok());
  CHECK(result->ending == ProcessResult::Ending::kStopped);
}

TEST_CASE("What a child leaves behind in its group ends with it") {
  auto result = Run(Shell("cat /dev/zero > /dev/null & echo $!"));
  REQUIRE(result.ok());
  CHECK(result->elapsed < absl::Seconds(1));
  const pid_t left_behind = std::stoi(result->out);
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, left_behind, 0)));
  if (pidfd.valid()) {
    pollfd item{pidfd.get(), POLLIN, 0};
    CHECK(::poll(&item, 1, 5000) == 1);
  }
}

TEST_CASE("No descriptor of ours reaches the child, only those given") {
  int fds[2];
  REQUIRE(::pipe(fds) == 0);  // without CLOEXEC on purpose
  auto result = Run(Shell("ls /proc/self/fd | tr '\\n' ' '"));
  REQUIRE(result.ok());
  CHECK(result->out == "0 1 2 3 ");  // 3 is the folder that ls reads
  ProcessSpec spec = Shell("echo through >&7");
  spec.fds = {{7, fds[1]}};
  REQUIRE(Run(spec).ok());
  char buffer[16] = {};
  CHECK(::read(fds[0], buffer, sizeof buffer) == 8);
  CHECK(std::string(buffer) == "through\n");
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_CASE("Many programs run at the same time from many threads") {
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        ProcessSpec spec;
        spec.argv = {"cat"};
        spec.stdin_data = std::to_string(t * 1000 + i);
        auto result = Run(spec);
        if (result.ok() && result->out == spec.stdin_data) ++good;
      }
    });
  }
  threads.clear();
  CHECK(good == 160);
}

}  // namespace
}  // namespace slipway::process
