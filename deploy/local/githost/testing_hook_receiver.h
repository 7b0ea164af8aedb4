#pragma once

#include <condition_variable>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"

namespace slipway::githost {

// A webhook receiver for tests: takes POSTs on a loopback port of its own and answers with the
// statuses that the test lays out, then with 202. Thread-safe.
class HookReceiver {
 public:
  struct Request {
    std::string head;  // request line and header lines
    std::string body;
    int answered = 0;

    // The value of a header; names are compared without case.
    std::string Header(const std::string& name) const;
  };

  HookReceiver();
  ~HookReceiver();

  int port() const { return port_; }
  void AnswerNextWith(std::vector<int> statuses);
  // The next request that came in; empty after the time.
  std::optional<Request> Next(absl::Duration timeout);

 private:
  void Serve();
  void ServeConnection(int fd);

  int port_ = 0;
  UniqueFd listener_;  // after the port, which it sets
  Mutex mu_;
  std::condition_variable changed_;
  std::deque<Request> requests_;
  std::deque<int> answers_;
  std::thread thread_;
};

// A loopback port that nobody listens on now.
int FreePort();

}  // namespace slipway::githost
