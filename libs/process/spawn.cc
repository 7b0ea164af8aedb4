#include "libs/process/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/process/errors.h"

namespace slipway::process {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// Descriptors for the child are first copied to here and above, so that no target number is a
// source as well.
constexpr int kSourceFloor = 100;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::map<std::string, std::string> ChildEnvironment(const ProcessSpec& spec) {
  std::map<std::string, std::string> env = spec.env;
  for (const std::string& name : spec.inherit) {
    if (const char* value = std::getenv(name.c_str())) env.emplace(name, value);
  }
  env.emplace("PATH", kDefaultPath);
  return env;
}

bool IsProgram(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

absl::StatusOr<std::string> FindProgram(const ProcessSpec& spec, const std::string& search_path) {
  const std::string& name = spec.argv[0];
  if (name.find('/') != std::string::npos) {
    // A relative one is meant from the child's folder, where posix_spawn resolves it.
    if (name.front() != '/' || IsProgram(name)) return name;
    return ProgramMissing(name, spec.package);
  }
  for (const std::string& folder : Split(search_path, ':')) {
    if (folder.empty()) continue;
    if (std::string candidate = folder + "/" + name; IsProgram(candidate)) return candidate;
  }
  return ProgramMissing(name, spec.package);
}

absl::Status Check(const ProcessSpec& spec) {
  if (spec.argv.empty() || spec.argv[0].empty())
    return absl::InvalidArgumentError("no program to run");
  const auto has_nul = [](const std::string& s) { return s.find('\0') != std::string::npos; };
  if (std::any_of(spec.argv.begin(), spec.argv.end(), has_nul)) {
    return absl::InvalidArgumentError(spec.argv[0] + ": an argument contains a NUL byte");
  }
  for (const auto& [name, value] : spec.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return absl::InvalidArgumentError(spec.argv[0] + ": environment variable \"" +
                                        Truncate(name, 40) + "\" can't be passed");
    }
  }
  for (const auto& [target, source] : spec.fds) {
    if (target < 3 || target >= kSourceFloor || source < 0) {
      return absl::InvalidArgumentError(spec.argv[0] + ": descriptors for a child are 3 to 99");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Spawned> Spawn(const ProcessSpec& spec, const StandardStreams& streams) {
  SLIPWAY_RETURN_IF_ERROR(Check(spec));
  const std::map<std::string, std::string> env = ChildEnvironment(spec);
  SLIPWAY_ASSIGN_OR_RETURN(const std::string program, FindProgram(spec, env.at("PATH")));

  UniqueFd null_fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_fd.valid()) return ErrnoStatus(errno, "/dev/null");
  std::vector<std::pair<int, int>> wanted = {{0, streams.in}, {1, streams.out}, {2, streams.err}};
  wanted.insert(wanted.end(), spec.fds.begin(), spec.fds.end());
  FileActions actions;
  std::vector<UniqueFd> sources;
  int last = 2;
  for (const auto& [target, source] : wanted) {
    sources.emplace_back(
        ::fcntl(source < 0 ? null_fd.get() : source, F_DUPFD_CLOEXEC, kSourceFloor));
    if (!sources.back().valid()) return ErrnoStatus(errno, program);
    posix_spawn_file_actions_adddup2(actions.get(), sources.back().get(), target);
    last = std::max(last, target);
  }
  posix_spawn_file_actions_addclosefrom_np(actions.get(), last + 1);
  if (!spec.cwd.empty()) posix_spawn_file_actions_addchdir_np(actions.get(), spec.cwd.c_str());

  std::vector<char*> argv;
  for (const std::string& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> env_texts;
  for (const auto& [name, value] : env) env_texts.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& text : env_texts) envp.push_back(text.data());
  envp.push_back(nullptr);

  Spawned child;
  const Attributes attributes;
  const int error = ::posix_spawn(&child.pid, program.c_str(), actions.get(), attributes.get(),
                                  argv.data(), envp.data());
  if (error != 0) {
    if (!spec.cwd.empty() && !PathExists(spec.cwd)) return ErrnoStatus(ENOENT, spec.cwd);
    if (error == ENOENT) return ProgramMissing(spec.argv[0], spec.package);
    return ErrnoStatus(error, program);
  }
  child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd.valid()) {
    const int pidfd_error = errno;
    ::kill(-child.pid, SIGKILL);
    siginfo_t info;
    while (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED) != 0 && errno == EINTR) {
    }
    return ErrnoStatus(pidfd_error, "pidfd_open");
  }
  return child;
}

}  // namespace slipway::process
