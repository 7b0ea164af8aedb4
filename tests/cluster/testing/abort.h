#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"

namespace slipway::cluster_testing {

// Ends the test program: without the cluster no test of it can say anything.
[[noreturn]] inline void Abort(const std::string& what) {
  std::fprintf(stderr, "test cluster: %s\n", what.c_str());
  std::abort();
}

inline void OrAbort(const absl::Status& status) {
  if (!status.ok()) Abort(std::string(status.message()));
}

template <typename T>
T OrAbort(absl::StatusOr<T> value) {
  OrAbort(value.status());
  return *std::move(value);
}

}  // namespace slipway::cluster_testing
