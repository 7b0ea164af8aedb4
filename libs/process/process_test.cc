#include "libs/process/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/file.h"

namespace slipway::process {
namespace {

ProcessSpec Quiet(std::vector<std::string> argv) {
  ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.out = OutputSink::Discard();
  spec.err = OutputSink::Discard();
  return spec;
}

TEST_CASE("A long-lived child runs until it is stopped") {
  auto child = Process::Start(Quiet({"cat", "/dev/zero"}));
  REQUIRE(child.ok());
  auto running = child->Wait(absl::ZeroDuration());
  REQUIRE(running.ok());
  CHECK_FALSE(running->has_value());
  auto result = child->Stop();
  REQUIRE(result.ok());
  CHECK(result->signal == SIGTERM);
  auto again = child->Wait(absl::ZeroDuration());
  REQUIRE(again.ok());
  CHECK((*again)->signal == SIGTERM);
}

TEST_CASE("A child that ignores SIGTERM is killed after the grace") {
  auto dir = TempDir::Create("process");
  REQUIRE(dir.ok());
  const std::string ready = dir->path() + "/ready";
  REQUIRE(::mkfifo(ready.c_str(), 0600) == 0);
  ProcessSpec spec =
      Quiet({"sh", "-c", "trap '' TERM; echo > \"$1\"; while :; do read x < /dev/zero; done", "sh",
             ready});
  spec.kill_grace = absl::Milliseconds(50);
  auto child = Process::Start(spec);
  REQUIRE(child.ok());
  REQUIRE(ReadFile(ready).ok());
  auto result = child->Stop();
  REQUIRE(result.ok());
  CHECK(result->signal == SIGKILL);
}

TEST_CASE("The end of a Process kills the child") {
  pid_t pid = 0;
  {
    auto child = Process::Start(Quiet({"cat", "/dev/zero"}));
    REQUIRE(child.ok());
    Process moved = *std::move(child);
    pid = moved.pid();
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("A long-lived child can't have captured streams") {
  ProcessSpec spec;
  spec.argv = {"true"};
  CHECK(Process::Start(spec).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::process
