#pragma once

#include "absl/status/statusor.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops::local {

// Ports of this machine, one for each app and environment, kept from deployment to deployment.
// Replaced in tests. Thread-safe.
class PortAllocator {
 public:
  virtual ~PortAllocator() = default;
  // The environment's port; RESOURCE_EXHAUSTED when none is free.
  virtual absl::StatusOr<int> Take(const AppEnvironment& where) = 0;
  virtual absl::Status Free(const AppEnvironment& where) = 0;
};

}  // namespace slipway::gitops::local
