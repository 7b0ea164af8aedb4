#include "services/gitops/source/sandboxed_tool.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "libs/base/error.h"
#include "libs/base/file.h"

namespace slipway::gitops {
namespace {

// A shell stands in for a renderer that somebody has taken over. It brings its tools itself.
struct Bed {
  TempDir folder = *TempDir::Create("sandbox-");
  SandboxedTool tool{{.name = "sh",
                      .setting = "shell-binary",
                      .binary = "/usr/bin/busybox",
                      .limits = {.cpu_seconds = 1,
                                 .memory_bytes = 256 << 20,
                                 .scratch_bytes = 1 << 20,
                                 .output_bytes = 1 << 20,
                                 .wall_time = absl::Seconds(20)}}};

  Bed() { REQUIRE(WriteFileAtomic(folder.path() + "/input", "text").ok()); }
  absl::StatusOr<std::string> Run(const std::string& script) {
    return tool.Run({"-c", script}, folder.path(), {});
  }
  std::string Output(const std::string& script) {
    const auto output = Run(script);
    INFO(output.status());
    REQUIRE(output.ok());
    return *output;
  }
  std::string Reason(const std::string& script) {
    const auto output = Run(script);
    REQUIRE_FALSE(output.ok());
    INFO(output.status());
    return DetailsOf(output.status()).reason;
  }
};

TEST_CASE("A tool sees its folder read-only, and nothing of this machine") {
  Bed bed;
  ::setenv("SLIPWAY_TEST_SECRET", "hunter2", 1);
  CHECK(bed.Output("read -r x < /work/input; echo \"$x\"; pwd") == "text\n/work\n");
  CHECK(bed.Output("for f in /*; do echo \"$f\"; done") == "/dev\n/proc\n/tmp\n/tool\n/work\n");
  CHECK(bed.Output("echo \"$SLIPWAY_TEST_SECRET$HOME\"") == "/tmp\n");
  CHECK(bed.Output("for p in /proc/[0-9]*; do echo \"$p\"; done").size() < 40);
  for (const char* script : {": > /work/input", ": > /work/new", ": > /new", ": > /tool/new"}) {
    INFO(script);
    CHECK(bed.Reason(std::string("set -e; ") + script) == "RENDER_FAILED");
  }
  ::unsetenv("SLIPWAY_TEST_SECRET");
}

TEST_CASE("A tool has no network, not even this machine's") {
  Bed bed;
  CHECK(bed.Output("while read -r a b; do echo \"$a\"; done < /proc/net/dev").find("eth") ==
        std::string::npos);
  CHECK(bed.Reason("exec /tool/sh /dev/tcp") == "RENDER_FAILED");
}

TEST_CASE("Processor time, memory, output and files are limited") {
  Bed bed;
  CHECK(bed.Reason("while :; do :; done") == "RENDER_LIMIT");
  CHECK(bed.Reason("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done") ==
        "RENDER_LIMIT");
  CHECK_FALSE(bed.Run("x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done").ok());
  CHECK_FALSE(
      bed.Run("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxx >> /tmp/f || exit 1; done").ok());
}

TEST_CASE("What a tool says of its failure is kept, without the sandbox's paths") {
  Bed bed;
  const auto output = bed.Run("echo 'Error: /work/source/c/x.yaml: bad' >&2; exit 3");
  CHECK(DetailsOf(output.status()).reason == "RENDER_FAILED");
  CHECK(MessageOf(output.status()) == "sh: c/x.yaml: bad");
}

TEST_CASE("A tool ends when the service does") {
  Bed bed;
  std::stop_source stop;
  stop.request_stop();
  const auto output =
      bed.tool.Run({"-c", "while :; do :; done"}, bed.folder.path(), stop.get_token());
  CHECK(absl::IsCancelled(output.status()));
}

}  // namespace
}  // namespace slipway::gitops
