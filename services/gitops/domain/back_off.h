#pragma once

#include "absl/time/time.h"

namespace slipway::gitops {

// Pause before try number `attempts` + 1: 0.2 s doubling to 10 s.
inline absl::Duration BackOff(int attempts) {
  const absl::Duration pause = absl::Milliseconds(200) * (1 << (attempts < 6 ? attempts : 6));
  return pause < absl::Seconds(10) ? pause : absl::Seconds(10);
}

}  // namespace slipway::gitops
