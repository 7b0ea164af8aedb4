#include "services/runner/sandbox/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/process/pipe.h"
#include "libs/process/run.h"
#include "services/runner/errors.h"
#include "services/runner/sandbox/memory_file.h"

namespace slipway::runner {
namespace {

using process::MakePipe;
using process::OutputSink;
using process::Pipe;
using process::ProcessResult;
using process::ProcessSpec;

// Numbers of descriptors in bubblewrap; private files follow from kFirstData on.
constexpr int kArgumentsFd = 10;
constexpr int kInfoFd = 11;
constexpr int kBlockFd = 12;
constexpr int kFirstData = 13;
constexpr absl::Duration kProbeTimeout = absl::Seconds(10);
// How everything begins that bubblewrap says itself, so before the tool has started; how much of it
// is kept, and how often it is tried.
constexpr std::string_view kComplaint = "bwrap: ";
constexpr size_t kMaxComplaint = 4096;
constexpr int kNamespaceAttempts = 10;
// How long the kernel may take to end a namespace whose parent has ended.
constexpr int kNamespaceEndMs = 1000;
// Bubblewrap needs no time to end, and all that it started ends with it.
constexpr absl::Duration kKillGrace = absl::Milliseconds(100);

std::string NulTerminated(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(text).push_back('\0');
  return out;
}

// Reads bubblewrap's --info-fd up to the end of its one JSON object: {"child-pid": N, ...}; 0 if it
// ends before.
pid_t ReadChildPid(int fd) {
  std::string text;
  char buffer[512];
  while (text.find('}') == std::string::npos) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    text.append(buffer, static_cast<size_t>(n));
  }
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return 0;
  const boost::json::value* pid = value.as_object().if_contains("child-pid");
  return pid != nullptr && pid->is_int64() ? static_cast<pid_t>(pid->as_int64()) : 0;
}

// The environment that every step has; its own variables win.
std::map<std::string, std::string> WithDefaults(std::map<std::string, std::string> env) {
  env.emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  env.emplace("HOME", kHomePath);
  env.emplace("USER", "build");
  env.emplace("LOGNAME", "build");
  env.emplace("SHELL", "/bin/sh");
  env.emplace("LANG", "C.UTF-8");
  env.emplace("TMPDIR", "/tmp");
  return env;
}

// The descriptors of one step and what they become in the sandbox.
struct StepFiles {
  std::vector<UniqueFd> owned;
  std::vector<SandboxData> data;

  absl::Status Add(const std::string& path, std::string_view content, int mode) {
    const int number = kFirstData + static_cast<int>(owned.size());
    SLIPWAY_ASSIGN_OR_RETURN(UniqueFd fd, MemoryFile(path, content));
    owned.push_back(std::move(fd));
    data.push_back({number, path, mode});
    return absl::OkStatus();
  }
};

bool Works(const std::vector<std::string>& argv) {
  ProcessSpec spec;
  spec.argv = argv;
  spec.package = "bubblewrap";
  spec.inherit = {"PATH"};
  spec.timeout = kProbeTimeout;
  const absl::StatusOr<ProcessResult> result = process::Run(spec);
  return result.ok() && result->ok();
}

std::vector<std::string> ToolArgv(const Sandbox::Options& options) {
  std::vector<std::string> argv = {options.bubblewrap,
                                   "--bind",
                                   "/",
                                   "/",
                                   "--dev-bind",
                                   "/dev",
                                   "/dev",
                                   "--proc",
                                   "/proc",
                                   "--unshare-pid",
                                   "--unshare-ipc",
                                   "--die-with-parent",
                                   "--new-session",
                                   "--cap-add",
                                   "ALL"};
  for (const std::string& folder : options.hidden) {
    if (PathExists(folder)) argv.insert(argv.end(), {"--tmpfs", folder});
  }
  return argv;
}

std::vector<std::string> Plus(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Detect(Options options) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(options)));
  sandbox->features_.shell = PathExists("/bin/bash") ? "/bin/bash" : "/bin/sh";
  SLIPWAY_ASSIGN_OR_RETURN(const TempDir empty, TempDir::Create("slipway-probe-"));
  SandboxCommand probe;
  probe.workspace = empty.path();
  const std::string program = sandbox->options_.bubblewrap;
  for (const bool disable_userns : {true, false}) {
    sandbox->features_.disable_userns = disable_userns;
    const std::vector<std::string> options_now = SandboxOptions(probe, sandbox->features_, {});
    sandbox->sandboxed_ = Works(Plus(Plus({program}, options_now), {"--", "/bin/sh", "-c", ":"}));
    if (sandbox->sandboxed_) break;
  }
  if (!sandbox->sandboxed_ && !sandbox->options_.allow_unsandboxed) return SandboxMissing();
  sandbox->tool_namespaces_ = Works(Plus(ToolArgv(sandbox->options_), {"--", "/bin/true"}));
  if (sandbox->sandboxed_) sandbox->cgroups_ = DetectCgroups();
  return sandbox;
}

absl::StatusOr<ProcessResult> Sandbox::Run(const SandboxCommand& command, const JobCgroup& cgroup,
                                           const Output& output, std::stop_token stop) const {
  if (!sandboxed_) return RunPlain(command, output, stop);
  SandboxCommand full = command;
  full.env = WithDefaults(std::move(full.env));
  const std::string script = std::string(kPrivatePath) + "/script";
  StepFiles files;
  SLIPWAY_RETURN_IF_ERROR(files.Add(script, command.script, 0500));
  for (const auto& [path, content] : SandboxAccounts())
    SLIPWAY_RETURN_IF_ERROR(files.Add(path, content, 0444));
  for (const PrivateFile& file : command.files) {
    SLIPWAY_RETURN_IF_ERROR(
        files.Add(std::string(kPrivatePath) + "/" + file.name, file.content, 0600));
  }
  SLIPWAY_ASSIGN_OR_RETURN(
      const UniqueFd arguments,
      MemoryFile("arguments", NulTerminated(SandboxOptions(full, features_, files.data))));

  ProcessSpec spec;
  spec.argv = {options_.bubblewrap,
               "--args",
               std::to_string(kArgumentsFd),
               "--",
               features_.shell,
               "-e",
               script};
  spec.package = "bubblewrap";
  spec.inherit = {"PATH"};
  spec.out = OutputSink::Call(output);
  spec.err = OutputSink::SameAsStdout();
  spec.timeout = command.timeout;
  spec.kill_grace = kKillGrace;
  spec.fds.emplace_back(kArgumentsFd, arguments.get());
  for (size_t i = 0; i < files.owned.size(); ++i)
    spec.fds.emplace_back(files.data[i].fd, files.owned[i].get());
  return RunNamespace(std::move(spec), cgroup, stop);
}

absl::StatusOr<ProcessResult> Sandbox::RunTool(ProcessSpec spec,
                                               const std::vector<std::string>& visible,
                                               const JobCgroup& cgroup,
                                               std::stop_token stop) const {
  if (!tool_namespaces_) return process::Run(spec, stop);
  std::vector<std::string> argv = ToolArgv(options_);
  for (const std::string& folder : visible) argv.insert(argv.end(), {"--bind", folder, folder});
  if (!spec.cwd.empty()) argv.insert(argv.end(), {"--chdir", spec.cwd});
  argv.push_back("--");
  spec.argv = Plus(std::move(argv), spec.argv);
  spec.kill_grace = kKillGrace;
  // All mounts of the machine are taken over one by one; one that another build or container takes
  // away meanwhile makes bubblewrap give up before the tool has started.
  for (int attempt = 1;; ++attempt) {
    ProcessSpec one = spec;
    std::string opening;  // held back as long as it may be a complaint, which comes in pieces
    bool started = false;
    if (spec.out.kind() == OutputSink::Kind::kCallback) {
      one.out = OutputSink::Call([&](std::string_view chunk) {
        if (started) return spec.out.callback()(chunk);
        opening += chunk;
        const size_t compared = std::min(opening.size(), kComplaint.size());
        started = opening.compare(0, compared, kComplaint.substr(0, compared)) != 0 ||
                  opening.size() > kMaxComplaint;
        if (started) spec.out.callback()(opening);
      });
    }
    SLIPWAY_ASSIGN_OR_RETURN(ProcessResult result, RunNamespace(std::move(one), cgroup, stop));
    const bool refused = !result.ok() && !started &&
                         (opening.starts_with(kComplaint) || result.err.starts_with(kComplaint));
    if (refused && attempt < kNamespaceAttempts && !stop.stop_requested()) continue;
    if (!started && !opening.empty()) spec.out.callback()(opening);
    return result;
  }
}

absl::StatusOr<ProcessResult> Sandbox::RunNamespace(ProcessSpec spec, const JobCgroup& cgroup,
                                                    std::stop_token stop) const {
  SLIPWAY_ASSIGN_OR_RETURN(Pipe info, MakePipe());
  SLIPWAY_ASSIGN_OR_RETURN(Pipe block, MakePipe());
  const std::vector<std::string> options = {"--info-fd", std::to_string(kInfoFd), "--block-fd",
                                            std::to_string(kBlockFd)};
  spec.argv.insert(spec.argv.begin() + 1, options.begin(), options.end());
  spec.fds.emplace_back(kInfoFd, info.write.get());
  spec.fds.emplace_back(kBlockFd, block.read.get());
  absl::Status joined;
  UniqueFd first_process;  // of the namespace
  std::stop_source end;
  const std::stop_callback forward(stop, [&end] { end.request_stop(); });
  std::thread joiner([&] {
    const pid_t pid = ReadChildPid(info.read.get());
    if (pid == 0) return;
    first_process = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    joined = cgroup.Join(pid);
    // Nothing starts without its limits.
    if (joined.ok() && ::write(block.write.get(), "1", 1) != 1)
      joined = ErrnoStatus(errno, "bubblewrap");
    if (!joined.ok()) end.request_stop();
  });
  absl::StatusOr<ProcessResult> result = process::Run(spec, end.get_token());
  info.write.Reset();  // ends the reading if bubblewrap never wrote
  joiner.join();
  if (!joined.ok()) return joined;
  if (!first_process.valid()) return result;  // ended before it made the namespace
  // A namespace's first process ends as its last: when it is gone, all is.
  pollfd ended{first_process.get(), POLLIN, 0};
  while (::poll(&ended, 1, kNamespaceEndMs) < 0 && errno == EINTR) {
  }
  return result;
}

absl::StatusOr<ProcessResult> Sandbox::RunPlain(const SandboxCommand& command, const Output& output,
                                                std::stop_token stop) const {
  SLIPWAY_ASSIGN_OR_RETURN(const TempDir own, TempDir::Create("slipway-step-"));
  const auto here = [&](const std::string& value) {
    for (const auto& [path, place] : {std::pair<std::string, std::string>{kPrivatePath, own.path()},
                                      {kWorkspacePath, command.workspace},
                                      {kHomePath, own.path()}}) {
      if (value.rfind(path, 0) == 0) return place + value.substr(path.size());
    }
    return value;
  };
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(own.path() + "/script", command.script, 0500));
  for (const PrivateFile& file : command.files) {
    const std::filesystem::path path = std::filesystem::path(own.path()) / file.name;
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(path.parent_path().string()));
    SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(path.string(), file.content));
  }
  ProcessSpec spec;
  spec.argv = {features_.shell, "-e", own.path() + "/script"};
  spec.inherit = {};
  for (const auto& [name, value] : WithDefaults(command.env)) spec.env[name] = here(value);
  spec.cwd =
      (std::filesystem::path(command.workspace) / command.folder).lexically_normal().string();
  spec.out = OutputSink::Call(output);
  spec.err = OutputSink::SameAsStdout();
  spec.timeout = command.timeout;
  spec.kill_grace = kKillGrace;
  return process::Run(spec, stop);
}

}  // namespace slipway::runner
