#include "services/gitops/source/sandboxed_tool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/process/run.h"
#include "services/gitops/source/errors.h"

namespace slipway::gitops {
namespace {

using process::OutputSink;
using process::ProcessResult;
using process::ProcessSpec;

constexpr size_t kMaxErrorText = 64 << 10;
constexpr size_t kShownError = 2000;

SandboxedTool::Options WithParallel(SandboxedTool::Options options) {
  if (options.parallel <= 0)
    options.parallel = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return options;
}

// The tool's message without the folder that only exists in its sandbox, and without the word that
// all messages start with.
std::string Message(std::string text) {
  const std::string folder = std::string(SandboxedTool::kFolder) + "/source/";
  for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at))
    text.erase(at, folder.size());
  std::string_view shown = Trim(text);
  if (shown.starts_with("Error: ")) shown.remove_prefix(7);
  return Truncate(ToValidUtf8(shown), kShownError);
}

bool Mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace

SandboxedTool::SandboxedTool(Options options) : options_(WithParallel(std::move(options))) {}

absl::StatusOr<std::string> SandboxedTool::Identity() const {
  struct stat file = {};
  if (options_.binary.empty() || ::stat(options_.binary.c_str(), &file) != 0 ||
      !S_ISREG(file.st_mode) || ::access(options_.binary.c_str(), X_OK) != 0) {
    return ToolMissing(options_.name, options_.setting, options_.binary);
  }
  return options_.name + ":" + std::to_string(file.st_size) + ":" +
         std::to_string(file.st_mtim.tv_sec) + "." + std::to_string(file.st_mtim.tv_nsec);
}

std::vector<std::string> SandboxedTool::Argv(const std::vector<std::string>& arguments,
                                             const std::string& folder) const {
  const Limits& limits = options_.limits;
  const std::string program = "/tool/" + options_.name;
  std::vector<std::string> argv = {
      "prlimit", "--cpu=" + std::to_string(limits.cpu_seconds),
      "--as=" + std::to_string(limits.memory_bytes),
      "--fsize=" + std::to_string(limits.scratch_bytes), "--core=0", "--nofile=256", "--",
      // The same walls as those of steps, and no network, no programs and no libraries on top.
      "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
      "--unshare-cgroup", "--unshare-net", "--die-with-parent", "--new-session", "--uid", "1000",
      "--gid", "1000", "--hostname", "render", "--cap-drop", "ALL", "--size",
      std::to_string(limits.scratch_bytes), "--tmpfs", "/tmp", "--ro-bind", options_.binary,
      program, "--ro-bind", folder, kFolder, "--proc", "/proc", "--dev", "/dev", "--remount-ro",
      "/", "--chdir", kFolder, "--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR",
      "/tmp", "--setenv", "PATH", "/nonexistent", "--setenv", "GOMAXPROCS", "2", "--setenv",
      "GOMEMLIMIT", std::to_string(limits.go_memory_bytes), "--", program};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

absl::StatusOr<std::string> SandboxedTool::Run(const std::vector<std::string>& arguments,
                                               const std::string& folder,
                                               const std::stop_token& stop) {
  SLIPWAY_RETURN_IF_ERROR(Identity().status());
  {
    std::unique_lock lock(mu_);
    free_.wait(lock, [&] { return running_ < options_.parallel; });
    ++running_;
  }
  std::string output;
  bool too_much = false;
  std::stop_source end;
  const std::stop_callback forward(stop, [&end] { end.request_stop(); });
  ProcessSpec spec;
  spec.argv = Argv(arguments, folder);
  spec.package = "util-linux";
  spec.inherit = {"PATH"};
  spec.out = OutputSink::Call([&](std::string_view chunk) {
    if (output.size() + chunk.size() > options_.limits.output_bytes) too_much = true;
    if (too_much) {
      end.request_stop();
    } else {
      output.append(chunk);
    }
  });
  spec.err = OutputSink::Capture(kMaxErrorText);
  spec.timeout = options_.limits.wall_time;
  spec.kill_grace = absl::Milliseconds(100);
  const absl::StatusOr<ProcessResult> result = process::Run(spec, end.get_token());
  {
    MutexLock lock(mu_);
    --running_;
  }
  free_.notify_one();
  SLIPWAY_RETURN_IF_ERROR(result.status());
  const std::string& name = options_.name;
  if (too_much) {
    return RenderLimit(name + " wrote more than " +
                       std::to_string(options_.limits.output_bytes >> 20) + " MiB");
  }
  if (result->ok()) return output;
  if (stop.stop_requested()) return absl::CancelledError("the service is stopping");
  if (result->ending == ProcessResult::Ending::kTimedOut)
    return RenderTimeout(name, absl::FormatDuration(options_.limits.wall_time));
  const std::string& text = result->err;
  if (text.starts_with("bwrap: ") || text.starts_with("prlimit: "))
    return absl::UnavailableError("the sandbox for " + name + " did not come up: " + Message(text));
  const int signal = result->ending == ProcessResult::Ending::kSignalled ? result->signal
                                                                         : result->exit_code - 128;
  if (signal == SIGXCPU || signal == SIGKILL) {
    return RenderLimit(name + " used more than " + std::to_string(options_.limits.cpu_seconds) +
                       " s of CPU time");
  }
  if (Mentions(text, {"out of memory", "cannot allocate memory", "failed to reserve memory"}))
    return RenderLimit(name + " used more memory than it may");
  if (Mentions(text, {"dial tcp", "no such host", "network is unreachable", "server misbehaving",
                      "executable file not found"}))
    return SourceRemote(name, "what it asked for", Message(text));
  return RenderFailed(name, Message(text));
}

}  // namespace slipway::gitops
