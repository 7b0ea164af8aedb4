#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/process/process_spec.h"
#include "services/runner/sandbox/job_cgroup.h"
#include "services/runner/sandbox/sandbox_command.h"

namespace slipway::runner {

// Runs steps in bubblewrap: own user, process, IPC, host-name and control-group namespaces, no
// capabilities, read-only /usr, and of this machine's files only the job's workspace; the machine's
// network. When the program ends, is stopped, times out, or the runner dies, the kernel kills
// everything that it started, whatever that did to escape. Immutable after Detect, thread-safe.
class Sandbox {
 public:
  struct Options {
    std::string bubblewrap = "bwrap";
    // Runs steps as plain child processes where bubblewrap does not work. Such a step can read what
    // the runner can, and processes that leave its group outlive it.
    bool allow_unsandboxed = false;
    // Folders with sockets, keys and data of the suite: empty for tools.
    std::vector<std::string> hidden = {};
  };

  // Tries what works here. FAILED_PRECONDITION with the remedy where nothing does.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Detect(Options options);

  // Called with each piece of output, stdout and stderr as one stream, on the thread of the call;
  // must not block.
  using Output = std::function<void(std::string_view chunk)>;

  // Runs a step to its end. A signal shows as exit code 128 + number. An error status means that it
  // never ran.
  absl::StatusOr<process::ProcessResult> Run(const SandboxCommand& command, const JobCgroup& cgroup,
                                             const Output& output, std::stop_token stop) const;

  // Runs a tool of ours (buildah) on this machine's files without `hidden`, but with the folders
  // `visible`, in a process namespace of its own, so that it ends as a whole like a step.
  absl::StatusOr<process::ProcessResult> RunTool(process::ProcessSpec spec,
                                                 const std::vector<std::string>& visible,
                                                 const JobCgroup& cgroup,
                                                 std::stop_token stop) const;

  bool sandboxed() const { return sandboxed_; }
  const CgroupRoots& cgroups() const { return cgroups_; }

 private:
  explicit Sandbox(Options options) : options_(std::move(options)) {}

  absl::StatusOr<process::ProcessResult> RunPlain(const SandboxCommand& command,
                                                  const Output& output, std::stop_token stop) const;
  // Runs bubblewrap, moves the first process of its namespace into `cgroup` before anything else
  // starts in it, and returns when the whole namespace has ended.
  absl::StatusOr<process::ProcessResult> RunNamespace(process::ProcessSpec spec,
                                                      const JobCgroup& cgroup,
                                                      std::stop_token stop) const;

  Options options_;
  bool sandboxed_ = false;
  bool tool_namespaces_ = false;
  SandboxFeatures features_;
  CgroupRoots cgroups_;
};

}  // namespace slipway::runner
