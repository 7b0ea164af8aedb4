#pragma once

#include <sys/types.h>

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/unique_fd.h"
#include "libs/process/process_spec.h"
#include "libs/process/spawn.h"

namespace slipway::process {

// A child that lives on beside its parent. Owned by who started it; its end kills the whole process
// group and reaps the child. Processes that leave the group (setsid) are not reached. Movable, not
// thread-safe.
class Process {
 public:
  // Streams are Discard, Fd or SameAsStdout, stdin is /dev/null: a child with captured streams goes
  // through Run.
  static absl::StatusOr<Process> Start(const ProcessSpec& spec);
  // Takes over a child of Spawn.
  Process(Spawned child, absl::Duration kill_grace);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return child_.pid; }
  // Readable (poll) once the child has ended.
  int pidfd() const { return child_.pidfd.get(); }

  // Waits at most `timeout`; empty while the child still runs. After the end: the same result each
  // time.
  absl::StatusOr<std::optional<ProcessResult>> Wait(absl::Duration timeout);
  // Sends `signal` to the whole group; nothing after the child was reaped.
  void Kill(int signal);
  // SIGTERM to the group, SIGKILL after the grace; returns once the child is gone.
  absl::StatusOr<ProcessResult> Stop();

 private:
  // Kills what is left of the group and reaps the ended child.
  absl::StatusOr<ProcessResult> Reap();

  Spawned child_;
  absl::Duration kill_grace_;
  absl::Time started_;
  std::optional<ProcessResult> result_;
};

}  // namespace slipway::process
