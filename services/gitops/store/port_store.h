#pragma once

#include "libs/db/pool.h"
#include "services/gitops/target/local/port_allocator.h"

namespace slipway::gitops {

// Ports in the table local_ports. A port on which somebody else listens is passed over when it is
// first taken. Owned by App; thread-safe.
class PortStore final : public local::PortAllocator {
 public:
  // `first` to `last`, both included.
  PortStore(db::Pool& pool, int first, int last) : pool_(pool), first_(first), last_(last) {}

  absl::StatusOr<int> Take(const AppEnvironment& where) override;
  absl::Status Free(const AppEnvironment& where) override;

 private:
  db::Pool& pool_;
  const int first_;
  const int last_;
};

}  // namespace slipway::gitops
