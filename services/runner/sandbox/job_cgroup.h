#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace slipway::runner {

// Limits of one job; 0 is no limit.
struct JobLimits {
  uint64_t memory_bytes = 0;
  uint64_t pids = 0;
  double cpus = 0;
};

// Where control groups for jobs can be made on this machine: one folder per controller (v1), or one
// for all (v2).
struct CgroupRoots {
  std::string memory;
  std::string pids;
  std::string cpu;
  bool v2 = false;
  bool any() const { return !memory.empty() || !pids.empty() || !cpu.empty(); }
};

// Finds what is writable, by /proc/self/cgroup and a probe.
CgroupRoots DetectCgroups();

// The control groups of one job: made at construction, removed with what still runs in them at
// destruction. Owned by the job; not thread-safe. A limit whose controller is missing is named by
// `Missing`.
class JobCgroup {
 public:
  JobCgroup(const CgroupRoots& roots, const std::string& name, const JobLimits& limits);
  ~JobCgroup();
  JobCgroup(const JobCgroup&) = delete;
  JobCgroup& operator=(const JobCgroup&) = delete;

  // Moves a process, and with it all that it will start.
  absl::Status Join(pid_t pid) const;
  // Kills every process of the job at once where the kernel can (v2).
  void Kill() const;
  bool empty() const { return folders_.empty(); }
  // Limits asked for that can't be held here: "memory", "pids", "cpu".
  const std::vector<std::string>& missing() const { return missing_; }
  // True if the kernel killed a process of the job for its memory limit.
  bool MemoryLimitHit() const;

 private:
  void Limit(const std::string& root, const std::string& name, const char* controller,
             const std::vector<std::pair<std::string, std::string>>& values);

  bool v2_;
  std::vector<std::string> folders_;
  std::vector<std::string> missing_;
};

}  // namespace slipway::runner
