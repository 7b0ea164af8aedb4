#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace slipway::process {

// Where one output stream of a child goes. A value; made by its static functions.
class OutputSink {
 public:
  using Callback = std::function<void(std::string_view chunk)>;
  enum class Kind { kDiscard, kCapture, kCallback, kFd, kSameAsStdout };

  static OutputSink Discard() { return OutputSink(Kind::kDiscard); }
  // Kept in the result: at most `cap` bytes, the head and the tail, with a note of what is missing
  // between them.
  static OutputSink Capture(size_t cap = 1 << 20) {
    OutputSink sink(Kind::kCapture);
    sink.cap_ = cap;
    return sink;
  }
  // Called on the thread of Run for each chunk as it arrives. It must not block: a child that waits
  // for its reader can't be stopped meanwhile.
  static OutputSink Call(Callback callback) {
    OutputSink sink(Kind::kCallback);
    sink.callback_ = std::move(callback);
    return sink;
  }
  // The child writes to this descriptor itself; it stays the caller's.
  static OutputSink Fd(int fd) {
    OutputSink sink(Kind::kFd);
    sink.fd_ = fd;
    return sink;
  }
  // For stderr only: one stream for both, in the order of writing.
  static OutputSink SameAsStdout() { return OutputSink(Kind::kSameAsStdout); }

  Kind kind() const { return kind_; }
  size_t cap() const { return cap_; }
  int fd() const { return fd_; }
  const Callback& callback() const { return callback_; }

 private:
  explicit OutputSink(Kind kind) : kind_(kind) {}

  Kind kind_;
  size_t cap_ = 0;
  int fd_ = -1;
  Callback callback_;
};

// What to run and how. A value.
struct ProcessSpec {
  // Program and arguments. A program without '/' is looked up in the child's PATH. No shell is
  // involved.
  std::vector<std::string> argv;
  // The Debian package that brings the program, for the error when it is missing; empty: named like
  // the program.
  std::string package;

  // The child sees nothing of our environment but `inherit`, and `env` on top.
  std::vector<std::string> inherit = {"PATH", "HOME", "LANG"};
  std::map<std::string, std::string> env;
  std::string cwd;  // empty: ours

  std::string stdin_data;  // fed by Run; an empty one is /dev/null
  OutputSink out = OutputSink::Capture();
  OutputSink err = OutputSink::Capture();
  // Further descriptors: {number in the child, 3 to 99; our descriptor}. All others are closed.
  std::vector<std::pair<int, int>> fds;

  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration kill_grace = absl::Seconds(2);  // between SIGTERM and SIGKILL
};

// How a child ended.
struct ProcessResult {
  enum class Ending { kExited, kSignalled, kTimedOut, kStopped };

  Ending ending = Ending::kExited;
  int exit_code = -1;  // with kExited
  int signal = 0;      // of a child that a signal ended, whoever sent it
  std::string out;     // captured text
  std::string err;
  absl::Duration elapsed;

  bool ok() const { return ending == Ending::kExited && exit_code == 0; }
  // For people: "exit code 3", "signal 9 (Killed)", "timed out after 2s", "stopped".
  std::string Describe() const;
};

}  // namespace slipway::process
