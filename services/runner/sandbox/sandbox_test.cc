#include "services/runner/sandbox/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"

namespace slipway::runner {
namespace {

struct Bench {
  std::unique_ptr<Sandbox> sandbox;
  TempDir workspace = *TempDir::Create("sandbox-test-");
  JobCgroup cgroup;
  std::string output;

  explicit Bench(JobLimits limits = {})
      : sandbox(Detect()), cgroup(sandbox->cgroups(), "slipway-test-" + RandomHex(6), limits) {}

  static std::unique_ptr<Sandbox> Detect() {
    auto sandbox = Sandbox::Detect({});
    INFO(sandbox.status());
    REQUIRE(sandbox.ok());
    return *std::move(sandbox);
  }

  process::ProcessResult Run(
      SandboxCommand command, std::stop_token stop = {}, std::function<void()> on_output = [] {}) {
    command.workspace = workspace.path();
    output.clear();
    auto result = sandbox->Run(
        command, cgroup,
        [&](std::string_view chunk) {
          output += chunk;
          on_output();
        },
        stop);
    INFO(result.status());
    REQUIRE(result.ok());
    return *result;
  }
  process::ProcessResult Script(const std::string& script) {
    SandboxCommand command;
    command.script = script;
    return Run(command);
  }
};

// Processes of this machine whose command line contains `marker`.
int ProcessesWith(const std::string& marker) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto text = ReadFile(entry.path().string() + "/cmdline");
    if (text.ok() && text->find(marker) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("A step runs in the workspace and gives its output and exit code") {
  Bench bench;
  const auto result = bench.Script("pwd; echo to-stderr >&2; echo made > file; exit 7");
  CHECK(result.exit_code == 7);
  CHECK(bench.output == "/workspace\nto-stderr\n");
  CHECK(*ReadFile(bench.workspace.path() + "/file") == "made\n");
}

TEST_CASE("The first command that fails ends a step") {
  Bench bench;
  CHECK(bench.Script("false\necho not reached").exit_code == 1);
  CHECK(bench.output.empty());
}

TEST_CASE("A step sees its own environment and nothing of the runner's") {
  Bench bench;
  ::setenv("RUNNER_SECRET", "leak", 1);
  SandboxCommand command;
  command.script = "env; cat /proc/1/environ /proc/1/cmdline";
  command.env = {{"GREETING", "hello 'world' $HOME\nline"}, {"LD_PRELOAD", ""}};
  bench.Run(command);
  ::unsetenv("RUNNER_SECRET");
  CHECK(bench.output.find("GREETING=hello 'world' $HOME\nline\n") != std::string::npos);
  CHECK(bench.output.find("RUNNER_SECRET") == std::string::npos);
  CHECK(bench.output.find(bench.workspace.path()) == std::string::npos);
}

TEST_CASE("The values of variables are in no argument list") {
  Bench bench;
  SandboxCommand command;
  const std::string secret = "value-" + RandomHex(8);
  command.env = {{"SECRET", secret}};
  command.script = "echo started; read line < /dev/zero; sleep 30";
  std::stop_source stop;
  int seen = -1;
  bench.Run(command, stop.get_token(), [&] {
    seen = ProcessesWith(secret);
    stop.request_stop();
  });
  CHECK(seen == 0);
}

TEST_CASE("A step sees none of the machine's files but tools and its workspace") {
  Bench bench;
  bench.Script(
      "for d in /root /work /var /home/* /run/* /opt /srv /sys /boot; do [ -e $d ] && echo $d; "
      "done\n"
      "ls /etc/ssl /etc/shadow /etc/ssl/private 2>/dev/null || true; ls -A /tmp");
  CHECK(bench.output == "/home/build\n/run/slipway\n/etc/ssl:\ncerts\nopenssl.cnf\n");
}

TEST_CASE("A step has no capabilities, can't gain any, and can't write to tools") {
  Bench bench;
  bench.Script(
      "grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/self/status; id -u\n"
      "touch /usr/x 2>/dev/null || echo read-only\n"
      "mount -t tmpfs x /tmp 2>/dev/null || echo no-mount\n"
      "unshare -U true 2>/dev/null || echo no-namespace\n");
  CHECK(bench.output ==
        "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:"
        "\t0000000000000000\nNoNewPrivs:\t1\n1000\n"
        "read-only\nno-mount\nno-namespace\n");
}

TEST_CASE("A step has the machine's loopback and a compiler") {
  Bench bench;
  bench.Script(
      "printf 'int main(){return 0;}' > a.c && cc a.c -o a && ./a && echo compiled\n"
      "cat /proc/net/dev | grep -c lo:\nwhoami");
  CHECK(bench.output == "compiled\n1\nbuild\n");
}

TEST_CASE("Private files are readable for the step and gone afterwards") {
  Bench bench;
  SandboxCommand command;
  command.script = "cat /run/slipway/registry/netrc; stat -c %a /run/slipway/registry/netrc";
  command.files = {{"registry/netrc", "machine x login y password z\n"}};
  bench.Run(command);
  CHECK(bench.output == "machine x login y password z\n600\n");
  bench.Script("ls -A /run/slipway");
  CHECK(bench.output == "script\n");
}

TEST_CASE("A step may start below the workspace") {
  Bench bench;
  REQUIRE(::mkdir((bench.workspace.path() + "/sub").c_str(), 0755) == 0);
  SandboxCommand command;
  command.script = "pwd";
  command.folder = "sub";
  bench.Run(command);
  CHECK(bench.output == "/workspace/sub\n");
}

TEST_CASE(
    "A cancelled step is gone within a second with all that it started, escaped children "
    "included") {
  Bench bench;
  const std::string marker = "3600." + std::to_string(::getpid());
  SandboxCommand command;
  command.script = "trap '' TERM INT HUP\nsetsid sleep " + marker + " &\n(setsid setsid sleep " +
                   marker + " & exec true) &\nnohup sleep " + marker +
                   " >/dev/null 2>&1 &\nsleep 0.05\necho ready\nsleep " + marker;
  std::stop_source stop;
  absl::Time asked;
  int before = 0;
  const auto result = bench.Run(command, stop.get_token(), [&] {
    before = ProcessesWith(marker);
    asked = absl::Now();
    stop.request_stop();
  });
  CHECK(absl::Now() - asked < absl::Seconds(1));
  CHECK(result.ending == process::ProcessResult::Ending::kStopped);
  CHECK(before >= 3);
  CHECK(ProcessesWith(marker) == 0);
}

TEST_CASE("A step that is cancelled before it has started costs no time") {
  Bench bench;
  std::stop_source stop;
  stop.request_stop();
  SandboxCommand command;
  command.script = "sleep 60";
  const absl::Time start = absl::Now();
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.Run(command, stop.get_token()).ending == process::ProcessResult::Ending::kStopped);
  }
  CHECK(absl::Now() - start < absl::Seconds(1));
}

TEST_CASE("A step that takes too long is ended") {
  Bench bench;
  SandboxCommand command;
  command.script = "trap '' TERM; sleep 60 & wait; sleep 60";
  command.timeout = absl::Milliseconds(300);
  const absl::Time start = absl::Now();
  CHECK(bench.Run(command).ending == process::ProcessResult::Ending::kTimedOut);
  CHECK(absl::Now() - start < absl::Milliseconds(1300));
}

TEST_CASE("What a step leaves behind in the background ends with it") {
  Bench bench;
  const std::string marker = "3601." + std::to_string(::getpid());
  const absl::Time start = absl::Now();
  CHECK(bench.Script("setsid sleep " + marker + " & echo done").exit_code == 0);
  CHECK(absl::Now() - start < absl::Seconds(1));
  CHECK(ProcessesWith(marker) == 0);
}

TEST_CASE("The limits of a job hold where the machine has control groups") {
  JobLimits limits;
  limits.pids = 20;
  limits.memory_bytes = 64 << 20;
  Bench bench(limits);
  if (!bench.sandbox->cgroups().any()) return;
  CHECK(bench.cgroup.missing().empty());
  CHECK(bench
            .Script("exec dash -c 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo "
                    "all-started'")
            .exit_code != 0);
  CHECK(bench.output.find("all-started") == std::string::npos);
  CHECK(
      bench.Script("head -c 200000000 /dev/zero | tail -c 190000000 | wc -c; exit ${PIPESTATUS[1]}")
          .exit_code != 0);
  CHECK(bench.cgroup.MemoryLimitHit());
}

TEST_CASE("Without bubblewrap a runner refuses jobs unless its operator allowed it") {
  const auto refused = Sandbox::Detect({.bubblewrap = "/nonexistent/bwrap"});
  CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
  auto allowed = Sandbox::Detect({.bubblewrap = "/nonexistent/bwrap", .allow_unsandboxed = true});
  REQUIRE(allowed.ok());
  CHECK_FALSE((*allowed)->sandboxed());
  const TempDir workspace = *TempDir::Create("sandbox-test-");
  SandboxCommand command;
  command.workspace = workspace.path();
  command.script = "pwd; cat $FILE; echo $HOME | grep -c slipway-step";
  command.env = {{"FILE", std::string(kPrivatePath) + "/a/b"}};
  command.files = {{"a/b", "content\n"}};
  std::string output;
  const JobCgroup cgroup((*allowed)->cgroups(), "none", {});
  const auto result =
      (*allowed)->Run(command, cgroup, [&](std::string_view chunk) { output += chunk; }, {});
  REQUIRE(result.ok());
  CHECK(output == workspace.path() + "\ncontent\n1\n");
}

TEST_CASE("A tool runs with the machine's files, without hidden folders, and dies as a whole") {
  const TempDir hidden = *TempDir::Create("sandbox-hidden-");
  REQUIRE(WriteFileAtomic(hidden.path() + "/socket", "x").ok());
  const std::string visible = hidden.path() + "/job";
  REQUIRE(MakeDirectories(visible).ok());
  REQUIRE(WriteFileAtomic(visible + "/file", "x").ok());
  auto sandbox = Sandbox::Detect({.hidden = {hidden.path()}});
  REQUIRE(sandbox.ok());
  const JobCgroup cgroup((*sandbox)->cgroups(), "slipway-test-" + RandomHex(6), {.pids = 100});
  process::ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c",
               "ls -A " + hidden.path() + " " + hidden.path() +
                   "/job; id -u; test -e /etc/shadow && echo files"};
  auto result = (*sandbox)->RunTool(spec, {visible}, cgroup, {});
  REQUIRE(result.ok());
  CHECK(result->out == hidden.path() + ":\njob\n\n" + visible + ":\nfile\n" +
                           std::to_string(::getuid()) + "\nfiles\n");
  CHECK(result->err == "");

  const std::string marker = "3602." + std::to_string(::getpid());
  spec.argv = {"/bin/sh", "-c", "setsid sleep " + marker + " & sleep " + marker};
  spec.timeout = absl::Milliseconds(200);
  result = (*sandbox)->RunTool(spec, {visible}, cgroup, {});
  REQUIRE(result.ok());
  CHECK(result->ending == process::ProcessResult::Ending::kTimedOut);
  CHECK(ProcessesWith(marker) == 0);
}

// A bubblewrap that gives up as many times as the file says, as the real one does when another
// build takes a mount away meanwhile.
struct FlakyBubblewrap {
  TempDir folder = *TempDir::Create("flaky-bwrap-");
  std::unique_ptr<Sandbox> sandbox;

  FlakyBubblewrap() {
    REQUIRE(WriteFileAtomic(folder.path() + "/bwrap",
                            "#!/bin/sh\nread left < " + folder.path() +
                                "/left\n"
                                "[ $left -gt 0 ] || exec bwrap \"$@\"\n"
                                "echo $((left - 1)) > " +
                                folder.path() +
                                "/left\n"
                                "printf 'bwrap: ' >&2\n/bin/true\n"  // in pieces, as the real one
                                "echo \"Can't bind mount /oldroot/x on /newroot/x: No such "
                                "file or directory\" >&2\nexit 1\n",
                            0700)
                .ok());
    Fail(0);
    auto detected = Sandbox::Detect({.bubblewrap = folder.path() + "/bwrap"});
    REQUIRE(detected.ok());
    sandbox = *std::move(detected);
  }
  void Fail(int times) {
    REQUIRE(WriteFileAtomic(folder.path() + "/left", std::to_string(times) + "\n").ok());
  }
};

TEST_CASE("A tool whose mounts were taken away while it started is started again") {
  FlakyBubblewrap bench;
  const JobCgroup cgroup({}, "", {});
  process::ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", "echo ran; exit 3"};
  std::string output;
  SECTION("with its output captured") {
    bench.Fail(3);
    const auto result = bench.sandbox->RunTool(spec, {}, cgroup, {});
    REQUIRE(result.ok());
    CHECK(result->exit_code == 3);
    CHECK(result->out == "ran\n");
    CHECK(result->err == "");
  }
  SECTION("with its output followed, which shows nothing of it") {
    bench.Fail(3);
    spec.out = process::OutputSink::Call([&](std::string_view chunk) { output += chunk; });
    spec.err = process::OutputSink::SameAsStdout();
    const auto result = bench.sandbox->RunTool(spec, {}, cgroup, {});
    REQUIRE(result.ok());
    CHECK(result->exit_code == 3);
    CHECK(output == "ran\n");
  }
  SECTION("not for ever, and then the cause is shown") {
    bench.Fail(1000);
    spec.out = process::OutputSink::Call([&](std::string_view chunk) { output += chunk; });
    spec.err = process::OutputSink::SameAsStdout();
    const auto result = bench.sandbox->RunTool(spec, {}, cgroup, {});
    REQUIRE(result.ok());
    CHECK(result->exit_code == 1);
    CHECK(output.find("bwrap: Can't bind mount") == 0);
    CHECK(output.find("ran") == std::string::npos);
  }
  SECTION("not a tool that fails for itself") {
    spec.argv = {"/bin/sh", "-c", "echo ran; echo \"bwrap: Can't bind mount\" >&2; exit 1"};
    spec.out = process::OutputSink::Call([&](std::string_view chunk) { output += chunk; });
    spec.err = process::OutputSink::SameAsStdout();
    const auto result = bench.sandbox->RunTool(spec, {}, cgroup, {});
    REQUIRE(result.ok());
    CHECK(output == "ran\nbwrap: Can't bind mount\n");
  }
}

}  // namespace slipway::runner
