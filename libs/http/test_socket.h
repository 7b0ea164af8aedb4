#pragma once

#include <poll.h>

#include <string>
#include <string_view>

#include "libs/base/unique_fd.h"

namespace slipway::http {

// A plain TCP client of 127.0.0.1 for tests that need bytes, not HTTP. Not thread-safe.
class TestSocket {
 public:
  explicit TestSocket(int port);

  // False when the peer has closed.
  bool Send(std::string_view bytes);
  // Reads until `text` was seen, the peer closes, or `seconds` have passed; all that was read so
  // far.
  std::string ReadUntil(std::string_view text, int seconds = 10);
  // Reads until the peer closes.
  std::string ReadAll(int seconds = 10);
  // Whether the peer closed within that time, throwing away what it sends.
  bool ClosedWithin(int seconds);
  void Close() { fd_.Reset(); }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace slipway::http
