#include "libs/process/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/unique_fd.h"
#include "libs/process/bounded_text.h"
#include "libs/process/pipe.h"
#include "libs/process/process.h"

namespace slipway::process {
namespace {

// How long output is read after the child and its group are gone: only a process that left the
// group still has it.
constexpr absl::Duration kDrainLimit = absl::Seconds(1);

void SetNonBlocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

// One output stream: the reading end of its pipe, and where the bytes go.
class OutputReader {
 public:
  explicit OutputReader(const OutputSink& sink) : sink_(sink), text_(sink.cap()) {}

  // Makes the pipe if the sink needs one; returns the child's end (or the sink's own descriptor, or
  // -1).
  absl::StatusOr<int> Open() {
    if (sink_.kind() == OutputSink::Kind::kFd) return sink_.fd();
    if (sink_.kind() != OutputSink::Kind::kCapture && sink_.kind() != OutputSink::Kind::kCallback)
      return -1;
    SLIPWAY_ASSIGN_OR_RETURN(pipe_, MakePipe());
    SetNonBlocking(pipe_.read.get());
    return pipe_.write.get();
  }
  void CloseChildEnd() { pipe_.write.Reset(); }
  int fd() const { return pipe_.read.get(); }

  // Reads what is there, in bounded portions so that other streams get their turn.
  void Read() {
    char buffer[64 * 1024];
    const ssize_t n = ::read(fd(), buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      pipe_.read.Reset();
      return;
    }
    const std::string_view chunk(buffer, static_cast<size_t>(n));
    if (sink_.kind() == OutputSink::Kind::kCapture) {
      text_.Append(chunk);
    } else {
      sink_.callback()(chunk);
    }
  }
  std::string TakeText() { return std::move(text_).Take(); }

 private:
  const OutputSink& sink_;
  Pipe pipe_;
  BoundedText text_;
};

// The state of one call of Run: a poll loop over the child, its streams, the deadline and the stop
// request.
class Runner {
 public:
  Runner(const ProcessSpec& spec, int stop_fd)
      : spec_(spec),
        stop_fd_(stop_fd),
        out_(spec.out),
        err_(spec.err),
        stdin_left_(spec.stdin_data) {}

  absl::StatusOr<ProcessResult> Run() {
    SLIPWAY_RETURN_IF_ERROR(Start());
    while (!exited_ || (Reading() && absl::Now() < wake_at_)) SLIPWAY_RETURN_IF_ERROR(Step());
    SLIPWAY_ASSIGN_OR_RETURN(std::optional<ProcessResult> result,
                             process_->Wait(absl::ZeroDuration()));
    if (ending_) result->ending = *ending_;
    result->out = out_.TakeText();
    result->err = err_.TakeText();
    return *std::move(result);
  }

 private:
  absl::Status Start() {
    StandardStreams streams;
    SLIPWAY_ASSIGN_OR_RETURN(streams.out, out_.Open());
    SLIPWAY_ASSIGN_OR_RETURN(streams.err, err_.Open());
    if (spec_.err.kind() == OutputSink::Kind::kSameAsStdout) streams.err = streams.out;
    Pipe in;
    if (!stdin_left_.empty()) {
      SLIPWAY_ASSIGN_OR_RETURN(in, MakePipe());
      SetNonBlocking(in.write.get());
      streams.in = in.read.get();
    }
    SLIPWAY_ASSIGN_OR_RETURN(Spawned child, Spawn(spec_, streams));
    process_.emplace(std::move(child), spec_.kill_grace);
    stdin_ = std::move(in.write);
    out_.CloseChildEnd();
    err_.CloseChildEnd();
    wake_at_ = absl::Now() + spec_.timeout;
    return absl::OkStatus();
  }

  bool Reading() const { return out_.fd() >= 0 || err_.fd() >= 0; }

  absl::Status Step() {
    // A negative descriptor is skipped by poll.
    pollfd items[] = {{exited_ ? -1 : process_->pidfd(), POLLIN, 0},
                      {ending_ || exited_ ? -1 : stop_fd_, POLLIN, 0},
                      {out_.fd(), POLLIN, 0},
                      {err_.fd(), POLLIN, 0},
                      {stdin_.get(), POLLOUT, 0}};
    const int64_t left_ms =
        absl::ToInt64Milliseconds(wake_at_ - absl::Now() + absl::Microseconds(999));
    if (::poll(items, std::size(items),
               static_cast<int>(std::clamp<int64_t>(left_ms, 0, 1'000'000))) < 0 &&
        errno != EINTR) {
      return ErrnoStatus(errno, "poll");
    }
    if (items[2].revents != 0) out_.Read();
    if (items[3].revents != 0) err_.Read();
    if (items[4].revents != 0) Feed();
    if (items[0].revents != 0) {
      // Waiting also kills what the child left behind in its group.
      SLIPWAY_RETURN_IF_ERROR(process_->Wait(absl::ZeroDuration()).status());
      exited_ = true;
      stdin_.Reset();
      wake_at_ = absl::Now() + kDrainLimit;
      return absl::OkStatus();
    }
    if (exited_) return absl::OkStatus();
    if (items[1].revents != 0) {
      End(ProcessResult::Ending::kStopped);
    } else if (absl::Now() >= wake_at_) {
      End(ProcessResult::Ending::kTimedOut);
    }
    return absl::OkStatus();
  }

  // First call: SIGTERM. Second, when the grace has passed: SIGKILL.
  void End(ProcessResult::Ending why) {
    process_->Kill(ending_ ? SIGKILL : SIGTERM);
    wake_at_ = ending_ ? absl::InfiniteFuture() : absl::Now() + spec_.kill_grace;
    if (!ending_) ending_ = why;
  }

  void Feed() {
    const ssize_t n = ::write(stdin_.get(), stdin_left_.data(), stdin_left_.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) stdin_left_.remove_prefix(static_cast<size_t>(n));
    // A child that does not want its input is no error.
    if (n < 0 || stdin_left_.empty()) stdin_.Reset();
  }

  const ProcessSpec& spec_;
  const int stop_fd_;
  OutputReader out_;
  OutputReader err_;
  std::string_view stdin_left_;
  UniqueFd stdin_;
  std::optional<Process> process_;
  std::optional<ProcessResult::Ending> ending_;
  absl::Time wake_at_;
  bool exited_ = false;
};

// Writing to a child that has ended must be an error of write(), not a signal that ends us: blocked
// for this thread while we feed it, and taken off again.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeBlock() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec now{};
      while (sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t sigpipe_, before_;
};

}  // namespace

absl::StatusOr<ProcessResult> Run(const ProcessSpec& spec, std::stop_token stop) {
  UniqueFd stop_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd.valid()) return ErrnoStatus(errno, "eventfd");
  const std::stop_callback on_stop(stop, [fd = stop_fd.get()] { ::eventfd_write(fd, 1); });
  const SigpipeBlock sigpipe;
  return Runner(spec, stop_fd.get()).Run();
}

}  // namespace slipway::process
