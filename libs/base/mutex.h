#pragma once

#include <mutex>

// Documentation for readers and for clang's -Wthread-safety; GCC ignores it.
#if defined(__clang__)
#define SLIPWAY_GUARDED_BY(x) __attribute__((guarded_by(x)))
#else
#define SLIPWAY_GUARDED_BY(x)
#endif

namespace slipway {

// std::mutex under the house's name. absl::Mutex is avoided: its packaged build runs deadlock
// detection on each lock.
using Mutex = std::mutex;
using MutexLock = std::lock_guard<std::mutex>;

}  // namespace slipway
