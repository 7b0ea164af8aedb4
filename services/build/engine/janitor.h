#pragma once

#include <condition_variable>
#include <thread>

#include "libs/base/mutex.h"
#include "services/build/engine/core.h"

namespace slipway::build {

// Deletes what nobody needs any more, a portion at a time: events after 30 days, records of
// decisions after a year. Runs, images and logs are kept. Owned by App; one thread.
class Janitor {
 public:
  explicit Janitor(Core& core) : core_(core) {}
  ~Janitor();

  void Start();
  void Stop();

  // One portion of each; false if there is more to delete.
  bool CleanOnce();

 private:
  void Loop(const std::stop_token& stop);

  Core& core_;
  Mutex mu_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace slipway::build
