#pragma once

namespace slipway {

// Prints the condition and its place on stderr and aborts. Called by SLIPWAY_CHECK only.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace slipway

// For programmer errors only: aborts the process when `condition` is false, in every build.
#define SLIPWAY_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::slipway::CheckFailed(__FILE__, __LINE__, #condition))
