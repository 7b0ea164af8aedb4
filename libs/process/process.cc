#include "libs/process/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace slipway::process {
namespace {

int DescriptorOf(const OutputSink& sink) {
  return sink.kind() == OutputSink::Kind::kFd ? sink.fd() : -1;
}

bool NeedsReader(const OutputSink& sink) {
  return sink.kind() == OutputSink::Kind::kCapture || sink.kind() == OutputSink::Kind::kCallback;
}

}  // namespace

std::string ProcessResult::Describe() const {
  switch (ending) {
    case Ending::kExited:
      return "exit code " + std::to_string(exit_code);
    case Ending::kSignalled:
      return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
    case Ending::kTimedOut:
      return "timed out after " +
             std::string(absl::FormatDuration(absl::Trunc(elapsed, absl::Milliseconds(1))));
    case Ending::kStopped:
      return "stopped";
  }
  return "";
}

absl::StatusOr<Process> Process::Start(const ProcessSpec& spec) {
  if (NeedsReader(spec.out) || NeedsReader(spec.err) || !spec.stdin_data.empty()) {
    return absl::InvalidArgumentError("a long-lived child writes to descriptors of its own");
  }
  StandardStreams streams;
  streams.out = DescriptorOf(spec.out);
  streams.err =
      spec.err.kind() == OutputSink::Kind::kSameAsStdout ? streams.out : DescriptorOf(spec.err);
  SLIPWAY_ASSIGN_OR_RETURN(Spawned child, Spawn(spec, streams));
  return Process(std::move(child), spec.kill_grace);
}

Process::Process(Spawned child, absl::Duration kill_grace)
    : child_(std::move(child)), kill_grace_(kill_grace), started_(absl::Now()) {}

Process::Process(Process&& other) noexcept
    : child_{std::exchange(other.child_.pid, 0), std::move(other.child_.pidfd)},
      kill_grace_(other.kill_grace_),
      started_(other.started_),
      result_(std::move(other.result_)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(child_, other.child_);
  std::swap(kill_grace_, other.kill_grace_);
  std::swap(started_, other.started_);
  std::swap(result_, other.result_);
  return *this;
}

Process::~Process() {
  if (child_.pid == 0 || result_) return;
  Kill(SIGKILL);
  Reap().status().IgnoreError();
}

absl::StatusOr<std::optional<ProcessResult>> Process::Wait(absl::Duration timeout) {
  if (result_) return result_;
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    const int64_t left_ms =
        absl::ToInt64Milliseconds(deadline - absl::Now() + absl::Microseconds(999));
    pollfd item{pidfd(), POLLIN, 0};
    const int n = ::poll(&item, 1, static_cast<int>(std::clamp<int64_t>(left_ms, 0, 1'000'000)));
    if (n < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
    if (n > 0) break;
    if (absl::Now() >= deadline) return std::optional<ProcessResult>();
  }
  SLIPWAY_ASSIGN_OR_RETURN(ProcessResult result, Reap());
  return std::optional<ProcessResult>(std::move(result));
}

void Process::Kill(int signal) {
  // The child is not reaped yet, so its id, which is the group's, can't belong to anyone else.
  if (child_.pid != 0 && !result_) ::kill(-child_.pid, signal);
}

absl::StatusOr<ProcessResult> Process::Stop() {
  Kill(SIGTERM);
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<ProcessResult> result, Wait(kill_grace_));
  if (result) return *std::move(result);
  Kill(SIGKILL);
  return Reap();
}

absl::StatusOr<ProcessResult> Process::Reap() {
  const auto wait = [this](int flags, siginfo_t& info) {
    int rc;
    do {
      rc = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd()), &info, flags);
    } while (rc != 0 && errno == EINTR);
    return rc == 0;
  };
  siginfo_t info{};
  // Look first, so that the group's id is still ours when what the child left behind is killed.
  if (!wait(WEXITED | WNOWAIT, info)) return ErrnoStatus(errno, "waitid");
  Kill(SIGKILL);
  if (!wait(WEXITED, info)) return ErrnoStatus(errno, "waitid");

  ProcessResult result;
  result.elapsed = absl::Now() - started_;
  if (info.si_code == CLD_EXITED) {
    result.exit_code = info.si_status;
  } else {
    result.ending = ProcessResult::Ending::kSignalled;
    result.signal = info.si_status;
  }
  result_ = result;
  return result;
}

}  // namespace slipway::process
