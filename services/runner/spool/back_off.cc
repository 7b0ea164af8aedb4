#include "services/runner/spool/back_off.h"

#include <algorithm>
#include <random>

namespace slipway::runner {

absl::Duration BackOff::Next() {
  if (failures_++ == 0) return absl::ZeroDuration();
  static thread_local std::mt19937 random(std::random_device{}());
  const int most = std::min(1000, 20 << std::min(failures_ - 2, 6));
  return absl::Milliseconds(std::uniform_int_distribution<int>(most / 2, most)(random));
}

}  // namespace slipway::runner
