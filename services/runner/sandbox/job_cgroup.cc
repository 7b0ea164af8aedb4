#include "services/runner/sandbox/job_cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/base/unique_fd.h"

namespace slipway::runner {
namespace {

constexpr char kMount[] = "/sys/fs/cgroup";
constexpr char kControllers[] = "/sys/fs/cgroup/cgroup.controllers";
constexpr auto kSweepAge = std::chrono::hours(1);
constexpr int kCpuPeriodMicroseconds = 100'000;

// Control files take one write and no truncation.
absl::Status WriteControl(const std::string& path, const std::string& value) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  if (::write(fd.get(), value.data(), value.size()) < 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

bool CanMakeChild(const std::string& root, const std::string& control) {
  const std::string probe = root + "/slipway-probe-" + std::to_string(::getpid());
  if (::mkdir(probe.c_str(), 0755) != 0 && errno != EEXIST) return false;
  const bool works = ::access((probe + "/" + control).c_str(), W_OK) == 0;
  ::rmdir(probe.c_str());
  return works;
}

// Groups of jobs whose runner was killed. Young ones may belong to another runner that is about to
// use them.
void SweepOldGroups(const std::string& root) {
  namespace fs = std::filesystem;
  if (root.empty()) return;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.path().filename().string().rfind("slipway-", 0) != 0) continue;
    if (fs::file_time_type::clock::now() - entry.last_write_time(error) < kSweepAge) continue;
    ::rmdir(entry.path().c_str());  // refused while a process is in it
  }
}

CgroupRoots FindRoots() {
  CgroupRoots roots;
  const absl::StatusOr<std::string> own = ReadFile("/proc/self/cgroup");
  if (!own.ok()) return roots;
  for (const std::string& line : Split(*own, '\n')) {
    const std::vector<std::string> parts = Split(line, ':');
    if (parts.size() != 3) continue;
    const std::string path = parts[2] == "/" ? "" : parts[2];
    if (parts[0] == "0" && PathExists(kControllers)) {
      const std::string root = kMount + path;
      WriteControl(root + "/cgroup.subtree_control", "+memory +pids +cpu").IgnoreError();
      if (CanMakeChild(root, "memory.max")) roots.memory = root;
      if (CanMakeChild(root, "pids.max")) roots.pids = root;
      if (CanMakeChild(root, "cpu.max")) roots.cpu = root;
      roots.v2 = roots.any();
      return roots;
    }
    const std::string root = std::string(kMount) + "/" + parts[1] + path;
    for (const std::string& controller : Split(parts[1], ',')) {
      if (controller == "memory" && CanMakeChild(root, "memory.limit_in_bytes"))
        roots.memory = root;
      if (controller == "pids" && CanMakeChild(root, "pids.max")) roots.pids = root;
      if (controller == "cpu" && CanMakeChild(root, "cpu.cfs_quota_us")) roots.cpu = root;
    }
  }
  return roots;
}

}  // namespace

CgroupRoots DetectCgroups() {
  CgroupRoots roots = FindRoots();
  for (const std::string& root : {roots.memory, roots.pids, roots.cpu}) SweepOldGroups(root);
  return roots;
}

JobCgroup::JobCgroup(const CgroupRoots& roots, const std::string& name, const JobLimits& limits)
    : v2_(roots.v2) {
  if (limits.memory_bytes != 0) {
    const std::string bytes = std::to_string(limits.memory_bytes);
    Limit(roots.memory, name, "memory", {{v2_ ? "memory.max" : "memory.limit_in_bytes", bytes}});
  }
  if (limits.pids != 0)
    Limit(roots.pids, name, "pids", {{"pids.max", std::to_string(limits.pids)}});
  if (limits.cpus > 0) {
    const std::string quota = std::to_string(std::llround(limits.cpus * kCpuPeriodMicroseconds));
    const std::string period = std::to_string(kCpuPeriodMicroseconds);
    Limit(roots.cpu, name, "cpu",
          v2_ ? std::vector<std::pair<std::string, std::string>>{{"cpu.max", quota + " " + period}}
              : std::vector<std::pair<std::string, std::string>>{{"cpu.cfs_period_us", period},
                                                                 {"cpu.cfs_quota_us", quota}});
  }
}

void JobCgroup::Limit(const std::string& root, const std::string& name, const char* controller,
                      const std::vector<std::pair<std::string, std::string>>& values) {
  const std::string folder = root + "/" + name;
  bool held = !root.empty() && (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST);
  for (const auto& [file, value] : values)
    held = held && WriteControl(folder + "/" + file, value).ok();
  if (!held) missing_.push_back(controller);
  if (held && std::find(folders_.begin(), folders_.end(), folder) == folders_.end())
    folders_.push_back(folder);
}

absl::Status JobCgroup::Join(pid_t pid) const {
  for (const std::string& folder : folders_) {
    SLIPWAY_RETURN_IF_ERROR(WriteControl(folder + "/cgroup.procs", std::to_string(pid)));
  }
  return absl::OkStatus();
}

void JobCgroup::Kill() const {
  for (const std::string& folder : folders_) {
    if (v2_) WriteControl(folder + "/cgroup.kill", "1").IgnoreError();
  }
}

bool JobCgroup::MemoryLimitHit() const {
  for (const std::string& folder : folders_) {
    for (const char* file : {"/memory.events", "/memory.oom_control"}) {
      const absl::StatusOr<std::string> text = ReadFile(folder + file);
      if (!text.ok()) continue;
      for (const std::string& line : Split(*text, '\n')) {
        if (line.rfind("oom_kill ", 0) == 0 && line != "oom_kill 0") return true;
      }
    }
  }
  return false;
}

JobCgroup::~JobCgroup() {
  Kill();
  for (const std::string& folder : folders_) ::rmdir(folder.c_str());
}

}  // namespace slipway::runner
