#pragma once

#include "absl/time/time.h"

namespace slipway::runner {

// Pauses between attempts to reach the build service: none, then 20 ms doubling to 1 s, each
// shortened by up to half at random so that runners do not come back all at once. Not thread-safe.
class BackOff {
 public:
  absl::Duration Next();
  void Reset() { failures_ = 0; }

 private:
  int failures_ = 0;
};

}  // namespace slipway::runner
